// SPDX-License-Identifier: MIT
// Named operations over a linked library of kernels; README.md shows this. The library here holds two kernels, where
// deepgemm_add_instances() would compile all.
#include <doctest/doctest.h>
#include <deepgemm/host/exception.hpp>
#include <deepgemm/host/instances.hpp>
#include <deepgemm/host/sim_launch.hpp>
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/ops.hpp>
#include <deepgemm/reference/argument.hpp>

#include <utility>

namespace dg = deepgemm;

namespace {

using scaled = dg::gemm<dg::arch::sm90, dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>,
                        dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>, dg::store<dg::bf16>,
                        dg::config{.block = {64, 64, 128}, .sm90 = {.warpgroups = 1}}>;
using half = dg::gemm<dg::arch::sm90, dg::operand<dg::bf16>, dg::operand<dg::bf16, dg::scale::none, dg::major::mn>,
                      dg::store<dg::bf16>,
                      dg::config{.block = {64, 64, 64}, .sm90 = {.warpgroups = 1, .promote = dg::promotion::never}}>;

}  // namespace

std::span<const dg::gemm_handle> deepgemm::instances::dense() { return dg::sim::kernel_list<scaled, half>; }

TEST_CASE("named operations choose among the kernels of a library") {
    constexpr int m = 40, n = 72, k = 320;
    dg::random_source random(dg::fresh_seed());
    const auto first = dg::quantised_operand<>::exact(random, m, k, {.tile = {1, 128}});
    const auto second = dg::quantised_operand<>::exact(random, n, k, {.tile = {128, 128}});
    dg::matrix<dg::bf16> tokens(m, k), weights(k, n), scaled_sum(m, n), half_sum(m, n);
    random.fill_integers(tokens.view(), -3, 3);
    random.fill_integers(weights.view(), -3, 3);
    const auto a = argument_of(first), b = argument_of(second);
    const auto x = argument_of(std::as_const(tokens)), w = argument_of(std::as_const(weights));
    const auto d = argument_of(scaled_sum), y = argument_of(half_sum);
    const dg::device_info device = dg::device_info::simulator();

    // [operations]
    const dg::engine engine(dg::instances::dense(), device);
    dg::or_throw(dg::fp8_gemm_nt(engine, a, b, d));   // D = A x B^T, FP8 with scales
    dg::or_throw(dg::bf16_gemm_nn(engine, x, w, y));  // Y = X x W, BF16, both row-major
    // [operations]

    CHECK(dg::reference::compare_exact(scaled_sum.view(), dg::reference::gemm(first.view(), second.view())));
    const auto product = dg::reference::gemm(dg::reference::plain(std::as_const(tokens).view()),
                                             dg::reference::plain(std::as_const(weights).view().transposed()));
    CHECK(dg::reference::compare_exact(half_sum.view(), product));
}
