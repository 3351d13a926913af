// SPDX-License-Identifier: MIT
// The whole host path with a real kernel on the simulator: operands, validation, plan, launch, comparison with a reference.
#include <doctest/doctest.h>

#include <deepgemm/host/argument.hpp>
#include <deepgemm/host/compare.hpp>
#include <deepgemm/host/sim_launch.hpp>
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/ops.hpp>

using namespace deepgemm;

namespace {

using per_token = operand<e4m3, scale::per_token<scale::fp32>>;
using per_block = operand<e4m3, scale::per_block<scale::fp32>>;
constexpr config small{.block = {128, 32, 128}, .stages = 3};
using stores = gemm<arch::sm90, per_token, per_block, store<float>, small>;
using adds = gemm<arch::sm90, per_token, per_block, accumulate<float>, small>;

const engine& simulated() {
    static const engine made(sim::kernel_list<stores, adds>, device_info::simulator());
    return made;
}

/// Operands whose product is exact in FP32, a D full of NaN, and the expected product.
struct exact_product {
    quantised_operand<e4m3> a, b;
    matrix<float> d;
    reference::product expected;

    exact_product(i64 m, i64 n, i64 k) : d(m, n, align_up(n, i64(4))) {
        random_source random(7);
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

TEST_CASE("more multiprocessors than the machine has are refused") {
    const kernel_handle kernel = sim::handle_of<stores>();
    exact_product p(9, 24, 128);
    const gemm_problem problem{.a = argument_of(p.a), .b = argument_of(p.b), .d = argument_of(p.d)};
    CHECK(kernel.launch(arguments_of(problem), {.num_sms = 5}).failure().message ==
          "num_sms is 5; this kernel needs at least 1 and the device has 4");
    CHECK(kernel.launch(arguments_of(problem), {.num_sms = 1}));
}
