// SPDX-License-Identifier: MIT
// The sink cast_to_fp8: elements and scales of D equal those that the library's reference cast makes of the exact result, bit
// for bit, in every layout of scales, with one tile and with several, at ragged edges, of groups, and with special values in D.
// What lies around D and around its scales stays as it was.
#include <doctest/doctest.h>

#include <deepgemm/epilogue/cast.cuh>
#include <deepgemm/epilogue/gated.cuh>

#include "epilogue_runs.hpp"

namespace cast_epilogue_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using scale::cast_scales;
using half = operand<bf16>;
using tokens = operand<e4m3, scale::per_token<scale::fp32>>;
using blocks = operand<e4m3, scale::per_block<scale::fp32>>;

constexpr config one{.block = {64, 128, 64}, .sm90 = {.warpgroups = 1, .promote = promotion::never}};
constexpr config narrow{.block = {128, 32, 64}, .store_rows = 64, .sm90 = {.promote = promotion::never}};
constexpr config wide{.block = {128, 256, 64}, .sm90 = {.promote = promotion::never}};
constexpr config pair{.block = {128, 128, 64}, .cluster = {1, 2}, .sm90 = {.promote = promotion::never}};
constexpr config in_turns{.block = {64, 64, 64}, .sm90 = {.alternate = true, .promote = promotion::never}};
constexpr config in_parts{.block = {64, 128, 64}, .split_k = 2, .sm90 = {.warpgroups = 1, .promote = promotion::never}};
constexpr config quantised{.block = {128, 128, 128}};
constexpr config tall{.block = {256, 128, 128}, .stages = 2};

/// Makes rows of all magnitudes, and elements that are no numbers. Changes exact sums to exact numbers.
struct plant {
    DEEPGEMM_BOTH constexpr float operator()(float value, i32 m, i32 n) const {
        const i32 kind = m % 11;
        if (kind == 1) return 0;
        if (kind == 2) return value * bit_cast<float>(u32(127 - 30) << 23);
        if (kind == 3) return value * bit_cast<float>(u32(127 + 90) << 23);
        if (kind == 4 && n == 37) return bit_cast<float>(0xffc00001u);
        if (kind == 5 && n == 3) return bit_cast<float>(0xff800000u);
        if (kind == 6) return n % 128 == 127 ? value : 0;
        return kind == 7 ? value + 0.2f : value;
    }
};

/// A step that changes what lies beyond D, too.
struct add_everywhere {
    using arguments = no_arguments;
    struct params {};
    static constexpr bool accumulates = false, custom = true;
    DEEPGEMM_BOTH static constexpr params make_params(const gemm_arguments&, const arguments&) { return {}; }
    DEEPGEMM_DEVICE static element_pair apply(const params&, element_pair pair, pair_place) {
        return {pair.x + 100000, pair.y + 100000};
    }
};

/// max(gate, 0) * up, whole numbers of whole numbers.
struct rectified_gate {
    DEEPGEMM_BOTH constexpr float operator()(float gate, float up, i32, i32) const { return gate > 0 ? gate * up : 0; }
};

float planted(const product_part& part, const reference::product& totals, i64 row, i64 column) {
    return plant{}(float(totals.value(row, column)), i32(part.first + row), i32(column));
}
float rectified(const product_part&, const reference::product& totals, i64 row, i64 column) {
    const i64 gate = column / 8 * 16 + column % 8;
    return rectified_gate{}(float(totals.value(row, gate)), float(totals.value(row, gate + 8)), 0, 0);
}

constexpr problem_shape shapes[] = {{128, 256, 128}, {77, 176, 200}, {130, 16, 64}, {5, 520, 72}, {61, 333, 0}};

/// Casts dense products with steps `Step...` on every machine.
template <class A, class B, config Config, int Columns, cast_scales Scales, class X = float, class Q = e4m3>
void check_planted() {
    using kernel = gemm<arch::sm90, A, B, then<transform<plant>, cast_to_fp8<Columns, Scales, X, Q>>, Config>;
    on_machines(1, [](random_source& random, const sim::options& machine) {
        for (const problem_shape& shape : shapes) {
            CAPTURE(shape.m);
            CAPTURE(shape.n);
            CAPTURE(shape.k);
            const auto product = dense_product<kernel>(random, shape);
            const major order = random.integer(0, 1) == 0 ? major::mn : major::k;
            const auto wrong = cast_outcome<kernel, Columns, Scales, X, Q>(
                simulated{machine}, product, shape.n, order, planted,
                [](auto& arguments) -> auto& { return arguments.epilogue.rest; });
            CHECK(wrong == "");
        }
    });
}

}  // namespace

TEST_CASE("cast to FP8: every kind of scales, tile and way of storing") {
    check_planted<half, half, one, 128, cast_scales::fp32>();
    check_planted<half, half, one, 32, cast_scales::packed>();
    check_planted<half, half, narrow, 32, cast_scales::packed>();
    check_planted<half, half, wide, 128, cast_scales::packed>();
    check_planted<half, half, wide, 32, cast_scales::fp32>();
    check_planted<half, half, pair, 128, cast_scales::power_of_two>();
    check_planted<half, half, in_turns, 32, cast_scales::power_of_two>();
    check_planted<half, half, in_parts, 128, cast_scales::fp32>();
}

TEST_CASE("cast to FP8: rounded to BF16 before; E5M2") {
    check_planted<half, half, one, 128, cast_scales::fp32, bf16>();
    check_planted<half, half, wide, 32, cast_scales::packed, bf16>();
    check_planted<half, half, one, 32, cast_scales::fp32, float, e5m2>();
}

TEST_CASE("cast to FP8: of operands in FP8") {
    check_planted<tokens, blocks, quantised, 128, cast_scales::fp32>();
    check_planted<tokens, blocks, tall, 32, cast_scales::packed, bf16>();
}

TEST_CASE("cast to FP8: what lies beyond D does not count") {
    using kernel = gemm<arch::sm90, half, half, then<add_everywhere, cast_to_fp8<>>, one>;
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const auto plain = [](const product_part&, const reference::product& totals, i64 row, i64 column) {
        return float(totals.value(row, column)) + 100000;
    };
    const auto sink = [](auto& arguments) -> auto& { return arguments.epilogue.rest; };
    const auto outcome = [&](i32 n, const element_of& element) {
        const auto product = dense_product<kernel>(random, {20, n, 64});
        return cast_outcome<kernel, 128, cast_scales::fp32, float, e4m3>(simulated{}, product, n, major::mn, element,
                                                                         sink);
    };
    CHECK(outcome(130, plain) == "");
    CHECK(outcome(129, plain) == "");
}

TEST_CASE("cast to FP8: behind a gate a tile has half as many columns") {
    const auto check = []<config Config, int Columns, cast_scales Scales>() {
        using kernel = gemm<arch::sm90, half, half, then<gated<rectified_gate>, cast_to_fp8<Columns, Scales>>, Config>;
        on_machines(1, [](random_source& random, const sim::options& machine) {
            for (const problem_shape& shape : {problem_shape{128, 256, 128}, {77, 176, 200}, {130, 1008, 64}}) {
                CAPTURE(shape.n);
                const auto product = dense_product<kernel>(random, shape);
                CHECK(cast_outcome<kernel, Columns, Scales, float, e4m3>(
                          simulated{machine}, product, shape.n / 2, major::mn, rectified,
                          [](auto& arguments) -> auto& { return arguments.epilogue.rest; }) == "");
            }
        });
    };
    check.operator()<wide, 128, cast_scales::packed>();
    check.operator()<one, 32, cast_scales::packed>();
    check.operator()<pair, 32, cast_scales::fp32>();
}

TEST_CASE("cast to FP8: groups with slots, and groups of rows that follow each other") {
    const auto check = []<class A, class B, config Config, int Columns, cast_scales Scales>() {
        using epilogue = cast_to_fp8<Columns, Scales>;
        const auto sink = [](auto& arguments) -> auto& { return arguments.epilogue; };
        using slots = grouped_kernel<A, B, epilogue, Config, masked_groups>;
        using rows = grouped_kernel<A, B, epilogue, Config, psum_groups>;
        on_machines(1, [&](random_source& random, const sim::options& machine) {
            const problem_shape shape{i32(4 * random.integer(1, 60)), i32(random.integer(1, 300)),
                                      i32(random.integer(1, 300))};
            const std::vector<i32> counts = several_counts(random, shape.m);
            CAPTURE(shape.n);
            for (const major order : {major::mn, major::k}) {
                CHECK(cast_outcome<slots, Columns, Scales, float, e4m3>(simulated{machine},
                                                                        slots_product<slots>(random, shape, counts),
                                                                        shape.n, order, plain_total, sink) == "");
                CHECK(cast_outcome<rows, Columns, Scales, float, e4m3>(
                          simulated{machine}, rows_product<rows>(random, shape.n, shape.k, counts, 4), shape.n, order,
                          plain_total, sink) == "");
            }
        });
    };
    check.operator()<tokens, blocks, quantised, 128, cast_scales::fp32>();
    check.operator()<tokens, blocks, tall, 32, cast_scales::packed>();
    check.operator()<half, half, wide, 128, cast_scales::packed>();
}

}  // namespace cast_epilogue_tests
