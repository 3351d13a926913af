// SPDX-License-Identifier: MIT
// The whole host path with a real kernel on the simulator: operands, validation, plan, launch, comparison with a reference.
#include <doctest/doctest.h>

#include <deepgemm/host/sim_launch.hpp>
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/ops.hpp>
#include <deepgemm/reference/argument.hpp>
#include <deepgemm/reference/compare.hpp>

namespace simulated_tests {

using namespace deepgemm;

namespace {

using per_token = operand<e4m3, scale::per_token<scale::fp32>>;
using per_block = operand<e4m3, scale::per_block<scale::fp32>>;
constexpr config small{.block = {128, 32, 128}, .stages = 3};
constexpr config small_half{.block = {128, 64, 64}, .stages = 3, .sm90 = {.promote = promotion::never}};
using stores = gemm<arch::sm90, per_token, per_block, store<float>, small>;
using per_token_k_major = operand<e4m3, scale::per_token_k_major<scale::fp32>>;
using stores_k_major = gemm<arch::sm90, per_token_k_major, per_block, store<float>, small>;
using adds = gemm<arch::sm90, per_token, per_block, accumulate<float>, small>;

template <class T, major A, major B>
using half_stores = gemm<arch::sm90, operand<T, scale::none, A>, operand<T, scale::none, B>, store<float>, small_half>;

const engine& simulated() {
    static const engine made(
        sim::kernel_list<stores, stores_k_major, adds, half_stores<bf16, major::k, major::k>,
                         half_stores<bf16, major::k, major::mn>, half_stores<bf16, major::mn, major::k>,
                         half_stores<bf16, major::mn, major::mn>, half_stores<f16, major::k, major::mn>>,
        device_info::simulator());
    return made;
}

/// Operands whose product is exact in FP32, a D full of NaN, and the expected product.
struct exact_product {
    quantised_operand<e4m3> a, b;
    matrix<float> d;
    reference::product expected;

    exact_product(i64 m, i64 n, i64 k) : d(m, n, align_up(n, i64(4))) {
        random_source random(fresh_seed());
        a = quantised_operand<e4m3>::exact(random, m, k);
        b = quantised_operand<e4m3>::exact(random, n, k, {.tile = {128, 128}});
        expected = reference::gemm(a.view(), b.view());
    }
};

std::string difference(matrix<float>& d, const reference::product& expected) {
    const comparison found = reference::compare_exact(d.view(), expected);
    return found ? "" : found.text();
}

}  // namespace

TEST_CASE("a product through the named operation") {
    exact_product p(70, 50, 300);
    const auto outcome = fp8_gemm_nt(simulated(), argument_of(p.a), argument_of(p.b), argument_of(p.d));
    REQUIRE_MESSAGE(outcome, outcome.failure().message);
    CHECK(difference(p.d, p.expected) == "");
}

TEST_CASE("K-major scales of one column, wherever they start") {
    for (const i64 k : {100, 128}) {
        exact_product p(70, 50, k);
        alignas(16) float words[70 + 3];
        for (int offset = 0; offset < 4; ++offset) {
            CAPTURE(offset);
            for (i64 row = 0; row < 70; ++row) words[row + offset] = p.a.scales(row, 0);
            scaled_matrix a = argument_of(p.a);
            a.scales = k_major_scales(words + offset, scale_kind::fp32, 70, k);
            p.d.fill_bytes(0xff);
            const auto outcome = fp8_gemm_nt(simulated(), a, argument_of(p.b), argument_of(p.d));
            REQUIRE_MESSAGE(outcome, outcome.failure().message);
            CHECK(difference(p.d, p.expected) == "");
        }
    }
}

TEST_CASE(
    "kernels and the reference agree on scales that are infinite, NaN, zero, negative, or whose product leaves FP32") {
    // A scale of A in each row, the same for all K blocks; of B in each K block. 2^100 * 2^40 is infinite before anything is
    // multiplied with it, 2^-100 * 2^-60 is zero.
    const float inf = __builtin_inff();
    const float of_a[] = {inf, -inf, __builtin_nanf(""), 0.0f, -2.0f, 0x1p100f, 0x1p-100f, 0x1p-149f, 0x1p-70f, 1.0f};
    const float of_b[] = {0x1p40f, 1.0f, 0x1p-60f};
    random_source random(fresh_seed());
    for (const major order : {major::mn, major::k}) {
        auto a = quantised_operand<e4m3>::exact(random, 10, 300), b = quantised_operand<e4m3>::exact(random, 24, 300);
        for (i64 block = 0; block < 3; ++block) {
            for (i64 row = 0; row < 10; ++row) a.scales(row, block) = of_a[row];
        }
        for (i64 k = 0; k < 300; ++k) b.data(5, k) = {};  // sums of zero: infinity times zero is NaN
        for (i64 k = 0; k < 300; ++k)
            a.data(5, k) = b.data(0, k) = e4m3::from_float(1);  // infinity times a sum that is not zero
        matrix<float> block_scales(1, 3);
        for (i64 block = 0; block < 3; ++block) block_scales(0, block) = of_b[block];
        a = quantised_operand<e4m3>::from_parts(std::move(a.data), std::move(a.scales), {1, 128}, scale_kind::fp32,
                                                order);
        b = quantised_operand<e4m3>::from_parts(std::move(b.data), std::move(block_scales), {128, 128},
                                                scale_kind::fp32);
        matrix<float> d(10, 24);
        const auto outcome = fp8_gemm_nt(simulated(), argument_of(a), argument_of(b), argument_of(d));
        REQUIRE_MESSAGE(outcome, outcome.failure().message);
        const auto expected = reference::gemm(a.view(), b.view());
        const comparison found = reference::compare(d.view(), expected, tolerance::fp32);
        CHECK_MESSAGE(found, found.text());
        CHECK(std::isinf(expected.value(5, 0)));
        CHECK(std::isnan(expected.value(0, 5)));
        CHECK(expected.value(3, 0) == 0);
        CHECK(std::isfinite(expected.value(4, 0)));
        CHECK(std::isinf(d(5, 0)));
    }
}

TEST_CASE(
    "an operand that is ready is loaded early, with its scales, and the simulator knows its memory from the "
    "arguments") {
    const auto early = [](const gemm_arguments& given) {  // as the kernel runs where the machine knows of nothing ready
        try {
            sim::launch<stores>({given}, {.dependent_launch = true});
        } catch (const sim::error& why) {
            return std::string(why.what());
        }
        return std::string();
    };
    for (const ready_operands ready : {ready_operands{}, {true, false}, {false, true}, {true, true}}) {
        exact_product p(70, 50, 300);
        gemm_problem problem{.a = argument_of(p.a), .b = argument_of(p.b), .d = argument_of(p.d), .ready = ready};
        const bool any = ready.a || ready.b;
        CHECK((early(arguments_of(problem)).find("before griddepcontrol.wait") != std::string::npos) == any);
        const engine dependent(sim::kernel_list<stores>, device_info::simulator(), {.dependent_launch = true});
        p.d.fill_bytes(0xff);
        const auto outcome = fp8_gemm_nt(dependent, problem.a, problem.b, problem.d, {.ready = ready});
        REQUIRE_MESSAGE(outcome, outcome.failure().message);
        CHECK(difference(p.d, p.expected) == "");
    }
}

TEST_CASE("operands that are ready, whichever way they lie") {
    matrix<bf16> x(40, 72), y(40, 48);
    random_source random(fresh_seed());
    random.fill_integers(x.view(), -2, 2);
    random.fill_integers(y.view(), -2, 2);
    const engine dependent(sim::kernel_list<half_stores<bf16, major::mn, major::mn>>, device_info::simulator(),
                           {.dependent_launch = true});
    matrix<float> product(72, 48);
    const input_matrix a = argument_of(std::as_const(x)), b = argument_of(std::as_const(y));
    const auto outcome = bf16_gemm_tn(dependent, a, b, argument_of(product), {.ready = {true, true}});
    REQUIRE_MESSAGE(outcome, outcome.failure().message);
    const reference::operand left{x.data(), dtype::bf16, 72, 40, 1, 72, {}},
        right{y.data(), dtype::bf16, 48, 40, 1, 48, {}};
    CHECK(difference(product, reference::gemm(left, right)) == "");
}

TEST_CASE("C is added, in place or not, and D becomes C where K is empty") {
    exact_product p(9, 24, 128);
    for (i64 row = 0; row < 9; ++row) {
        for (i64 column = 0; column < 24; ++column) p.d(row, column) = float(row - column);
    }
    reference::add(p.expected, p.d.view());
    const output_matrix d = argument_of(p.d);
    const auto outcome = fp8_gemm_nt(simulated(), argument_of(p.a), argument_of(p.b), d, {.c = d});
    REQUIRE_MESSAGE(outcome, outcome.failure().message);
    CHECK(difference(p.d, p.expected) == "");

    matrix<float> copy(9, 24);
    const scaled_matrix a{{nullptr, dtype::e4m3, 9, 0}, {}}, b{{nullptr, dtype::e4m3, 24, 0}, {}};
    CHECK(fp8_gemm_nt(simulated(), a, b, argument_of(copy), {.c = d}));
    CHECK(difference(copy, p.expected) == "");
    CHECK(fp8_gemm_nt(simulated(), a, b, argument_of(copy)));
    CHECK(copy(8, 3) == 0);
}

TEST_CASE("16-bit products through the named operations, matrices row-major as stored") {
    constexpr i64 m = 70, n = 50, k = 130;
    random_source random(fresh_seed());
    const auto stored = [&]<class T>(T, i64 rows, i64 columns) {
        matrix<T> made(rows, columns, align_up(columns, i64(8)) + 8);
        random.fill_integers(made.view(), -8, 8);
        return made;
    };
    const auto check = [&]<class T>(auto operation, T zero, bool a_turned, bool b_turned) {
        CAPTURE(a_turned);
        CAPTURE(b_turned);
        const matrix<T> a = a_turned ? stored(zero, k, m) : stored(zero, m, k),
                        b = b_turned ? stored(zero, k, n) : stored(zero, n, k);
        matrix<float> d(m, n, align_up(n, i64(4)));
        const result<void> outcome =
            operation(simulated(), argument_of(a), argument_of(b), argument_of(d), gemm_options{});
        REQUIRE_MESSAGE(outcome, outcome.failure().message);
        const auto expected = reference::gemm(reference::plain<T>(a_turned ? a.view().transposed() : a.view()),
                                              reference::plain<T>(b_turned ? b.view().transposed() : b.view()));
        CHECK(difference(d, expected) == "");
    };
    check([](const auto&... given) { return bf16_gemm_nt(given...); }, bf16{}, false, false);
    check([](const auto&... given) { return bf16_gemm_nn(given...); }, bf16{}, false, true);
    check([](const auto&... given) { return bf16_gemm_tn(given...); }, bf16{}, true, true);
    check([](const auto&... given) { return bf16_gemm_tt(given...); }, bf16{}, true, false);
    check([](const auto&... given) { return f16_gemm_nn(given...); }, f16{}, false, true);
}

TEST_CASE("a column of a row-major matrix is an operand, and so is a row") {
    random_source random(fresh_seed());
    for (const auto& [rows, k] : {std::pair{i64(1), i64(200)}, {i64(90), i64(1)}, {i64(1), i64(1)}}) {
        matrix<bf16> a(k, rows), b(30, k, align_up(k, i64(8)));  // A as stored by _tn and _tt, without padding
        random.fill_integers(a.view(), -8, 8);
        random.fill_integers(b.view(), -8, 8);
        matrix<float> d(rows, 30, 32);
        const auto outcome = bf16_gemm_tt(simulated(), argument_of(a), argument_of(b), argument_of(d));
        REQUIRE_MESSAGE(outcome, outcome.failure().message);
        const auto expected =
            reference::gemm(reference::plain<bf16>(a.view().transposed()), reference::plain<bf16>(b.view()));
        CHECK(difference(d, expected) == "");
    }
}

TEST_CASE("16-bit operands without K") {
    matrix<float> d(9, 24);
    const input_matrix a{nullptr, dtype::bf16, 9, 0}, b{nullptr, dtype::bf16, 0, 24};
    const auto outcome = bf16_gemm_nn(simulated(), a, b, argument_of(d));
    REQUIRE_MESSAGE(outcome, outcome.failure().message);
    CHECK(d(0, 0) == 0);
    CHECK(d(8, 23) == 0);
}

TEST_CASE("more multiprocessors than the machine has are refused") {
    const gemm_handle kernel = sim::handle_of<stores>();
    exact_product p(9, 24, 128);
    const gemm_problem problem{.a = argument_of(p.a), .b = argument_of(p.b), .d = argument_of(p.d)};
    CHECK(kernel.launch(arguments_of(problem), {.num_sms = 5}).failure().message ==
          "num_sms is 5; this kernel needs at least 1 and the device has 4");
    CHECK(kernel.launch(arguments_of(problem), {.num_sms = 1}));
}

}  // namespace simulated_tests
