// SPDX-License-Identifier: MIT
// FP8 whose scales hold for all of K: one a row, one for an operand, or none, on either side, summed by the tensor core or
// promoted. Exact data must come out bit by bit, and random data within their bound, with C and steps after the scales. Words
// of scales may lie apart, with NaN between them, at any address of 4 bytes.
#include <doctest/doctest.h>

#include <deepgemm/epilogue/activation.cuh>
#include <deepgemm/epilogue/alpha.cuh>
#include <deepgemm/epilogue/bias.cuh>
#include <deepgemm/kernel/swapped.cuh>
#include <deepgemm/scale/fp32.cuh>

#include <limits>

#include "launching.hpp"
#include "machines.hpp"
#include "sim_handles.hpp"

namespace row_scales_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using by_row = operand<e4m3, scale::per_row<scale::fp32>>;
using as_a_whole = operand<e5m2, scale::per_tensor<scale::fp32>>;
using without = operand<e4m3>;

constexpr config small{.block = {64, 32, 128}, .sm90 = {.warpgroups = 1, .promote = promotion::never}};
constexpr config large{
    .block = {128, 256, 128}, .store_columns = 64, .store_buffers = 2, .sm90 = {.promote = promotion::never}};
constexpr config high{.block = {256, 64, 128}, .cluster = {1, 2}, .sm90 = {.promote = promotion::never}};
constexpr config in_turn{.block = {128, 96, 128},
                         .cluster = {2, 1},
                         .store_columns = 32,
                         .store_buffers = 1,
                         .sm90 = {.alternate = true, .promote = promotion::never}};
constexpr config in_parts{.block = {64, 64, 128}, .split_k = 4, .sm90 = {.warpgroups = 1, .promote = promotion::never}};
constexpr config exchanged_sides{
    .block = {16, 128, 128}, .stages = 4, .swap = true, .split_k = 2, .sm90 = {.promote = promotion::never}};
constexpr config at_once{.block = {128, 64, 128}};
constexpr config later{.block = {64, 64, 128}, .sm90 = {.warpgroups = 1, .promote = promotion::deferred}};
constexpr config by_warpgroup{
    .block = {192, 48, 128}, .store_rows = 64, .sm90 = {.warpgroups = 3, .promote = promotion::never}};

template <class A, class B, class Epilogue, config Config>
using kernel_of = gemm<arch::sm90, A, B, Epilogue, Config>;

/// Every pair of granularities, as types.
using all_pairs = shipped::kernels<
    kernel_of<by_row, by_row, store<bf16>, small>, kernel_of<by_row, as_a_whole, store<bf16>, small>,
    kernel_of<by_row, without, store<bf16>, small>, kernel_of<as_a_whole, by_row, store<bf16>, small>,
    kernel_of<as_a_whole, as_a_whole, store<bf16>, small>, kernel_of<as_a_whole, without, store<bf16>, small>,
    kernel_of<without, by_row, store<bf16>, small>, kernel_of<without, as_a_whole, store<bf16>, small>,
    kernel_of<without, without, store<bf16>, small>, kernel_of<without, without, store<float>, at_once>>;
/// A scale for each row of both operands, in every way to sum and to store.
using all_ways =
    shipped::kernels<kernel_of<by_row, by_row, store<bf16>, large>, kernel_of<by_row, by_row, store<bf16>, high>,
                     kernel_of<by_row, by_row, store<float>, in_turn>, kernel_of<by_row, by_row, store<bf16>, in_parts>,
                     kernel_of<by_row, by_row, store<bf16>, exchanged_sides>,
                     kernel_of<by_row, by_row, accumulate<bf16>, exchanged_sides>,
                     kernel_of<by_row, by_row, store<bf16>, at_once>, kernel_of<by_row, by_row, store<float>, later>,
                     kernel_of<by_row, by_row, accumulate<float>, by_warpgroup>,
                     kernel_of<by_row, by_row, add_in_place, small>>;
/// With steps, which see the scaled sums.
using with_steps = shipped::kernels<kernel_of<by_row, by_row, then<alpha, bias<float>, store<bf16>>, small>,
                                    kernel_of<as_a_whole, by_row, then<bias<bf16>, relu, store<float>>, at_once>>;

std::span<const gemm_handle> pairs() { return handles(all_pairs{}); }
std::span<const gemm_handle> ways() { return handles(all_ways{}); }
std::span<const gemm_handle> steps() { return handles(with_steps{}); }

/// An operand of FP8 with a scale for each row, for all of it, or none.
operand_info granularity(int which) {
    if (which == 2) return {.type = dtype::e4m3, .format = scale_kind::none};
    return {.type = dtype::e4m3, .tile = {which == 0 ? 1 : scale_tile::all, scale_tile::all}};
}

/// Lays the scales of rows `stride` words apart, `before` words behind the start of their memory, with NaN around them.
void spread(any_operand& x, i64 stride, i64 before) {
    auto& scale = x.view.scale;
    if (scale.kind == scale_kind::none || scale.tile.mn != 1) return;
    std::vector<u32> words(std::size_t(before + x.view.rows * stride + 4), 0xffffffffu);
    for (i64 row = 0; row < x.view.rows; ++row)
        words[std::size_t(before + row * stride)] = x.words[std::size_t(row * scale.stride_mn)];
    x.words = std::move(words);
    scale.words = x.words.data() + before;
    scale.stride_mn = stride;
}

}  // namespace

TEST_CASE("row scales: every pair of granularities, K of no, of few and of many blocks") {
    for (const gemm_handle& kernel : pairs()) {
        for (const problem_shape shape :
             {problem_shape{1, 1, 1}, {64, 32, 128}, {65, 33, 200}, {63, 30, 1000}, {7, 100, 0}, {130, 64, 16}}) {
            expect_exact(kernel, shape, {.a_pad = 16, .b_pad = 32, .d_pad = 8});
        }
    }
}

TEST_CASE("row scales: every way to sum and to store") {
    for (const gemm_handle& kernel : ways()) {
        const auto [m, n] = cluster_tile(kernel.info);
        for (const problem_shape shape : {problem_shape{1, 1, 129},
                                          {m, n, 384},
                                          {m + 1, n + 3, 530},
                                          {2 * m - 5, n - 7, 144},
                                          {m - 1, 2 * n + 2, 0}}) {
            expect_exact(kernel, shape, {.c_pad = 8, .d_pad = 8});
            expect_exact(kernel, shape, {.a_pad = 48, .c_is_d = true}, random_machine(shape.m));
        }
    }
}

TEST_CASE("row scales: random data, on machines of every policy") {
    on_machines(1, [&](random_source& random, const sim::options& machine) {
        for (const gemm_handle& kernel : ways()) {
            const problem_shape shape{i32(random.integer(1, 300)), i32(random.integer(1, 300)),
                                      i32(random.integer(1, 700))};
            CAPTURE(describe(kernel.info, shape, random.seed()));
            gemm_sample sample(kernel.info, shape, random.bits(), numbers::normal);
            CHECK(run(kernel, sample, machine) == "");
        }
    });
}

TEST_CASE("row scales: kernels of rows serve one scale and none, and words that lie apart") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    for (const gemm_handle& kernel : ways()) {
        for (int a = 0; a < 3; ++a) {
            for (int b = 0; b < 3; ++b) {
                gemm_info given = kernel.info;
                given.traits.a = granularity(a);
                given.traits.b = granularity(b);
                const problem_shape shape{i32(random.integer(1, 200)), i32(random.integer(1, 200)), 200};
                CAPTURE(describe(given, shape, random.seed()));
                gemm_sample sample(given, shape, random.bits());
                CHECK(ops::gemm::why_not(kernel.info.traits, [&] {
                          gemm_workload work = workload_of(sample.problem());
                          work.promoted = kernel.info.traits.promoted;
                          return work;
                      }()) == nullptr);
                spread(sample.a(), random.integer(1, 3), random.integer(0, 3));
                spread(sample.b(), random.integer(1, 3), random.integer(0, 3));
                CHECK(run(kernel, sample, random_machine(random.bits())) == "");
            }
        }
    }
}

TEST_CASE("row scales: steps come after the scales") {
    for (const gemm_handle& kernel : steps()) {
        for (const problem_shape shape : {problem_shape{70, 40, 300}, {5, 300, 128}, {200, 33, 65}})
            expect_exact(kernel, shape, {.c_pad = 8});
    }
}

TEST_CASE("row scales: NaN, infinity and zero reach their rows and columns, and no others") {
    const gemm_handle& kernel = ways()[0];
    gemm_sample sample(kernel.info, {100, 90, 256}, fresh_seed());
    const float infinity = std::numeric_limits<float>::infinity();
    sample.a().words[3] = bit_cast<u32>(std::numeric_limits<float>::quiet_NaN());
    sample.b().words[89] = bit_cast<u32>(0.0f);
    sample.b().words[7] = bit_cast<u32>(infinity);
    REQUIRE(run(kernel, sample) != "");  // the reference still has what they were before
    const auto d = sample.d().view<const bf16>();
    const auto& expected = sample.expected();
    for (i64 row = 0; row < 100; ++row) {
        for (i64 column = 0; column < 90; ++column) {
            const float got = float(d(row, column));
            const double before = expected.value(row, column);
            if (row == 3) {
                CHECK(std::isnan(got));
            } else if (column == 89) {
                CHECK(got == 0);
            } else if (column == 7) {
                CHECK((before == 0 ? std::isnan(got) : got == (before > 0 ? infinity : -infinity)));
            } else {
                CHECK(got == float(bf16::from_float(float(before))));
            }
        }
    }
}

}  // namespace row_scales_tests
