// SPDX-License-Identifier: MIT
// Dependent launches that load weights early; docs/ladder.md shows this. The simulator runs one kernel after another, but says
// where one reads what its predecessor may still write.
#include <doctest/doctest.h>
#include <deepgemm/host/exception.hpp>
#include <deepgemm/host/sim_launch.hpp>
#include <deepgemm/kernel/swapped.cuh>
#include <deepgemm/ops.hpp>
#include <deepgemm/reference/argument.hpp>

#include <utility>

namespace ready_weights_tests {

namespace dg = deepgemm;

TEST_CASE("a layer that loads its weights before the one before it has ended") {
    using layer = dg::gemm<dg::arch::sm90, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                           dg::config{.block = {8, 64, 64},
                                      .swap = true,
                                      .trigger_dependents = dg::trigger::always,
                                      .sm90 = {.warpgroups = 1, .promote = dg::promotion::never}}>;
    constexpr int tokens = 3, width = 192;
    dg::random_source random(dg::fresh_seed());
    dg::matrix<dg::bf16> x(tokens, width), hidden(tokens, width), y(tokens, width), up(width, width),
        down(width, width);
    random.fill_integers(x.view(), -1, 1);
    random.fill_integers(up.view(), 0, 1);
    random.fill_integers(down.view(), -1, 1);
    const auto first = argument_of(std::as_const(x)), w1 = argument_of(std::as_const(up)),
               w2 = argument_of(std::as_const(down));
    void* const stream = nullptr;
    const dg::device_info device = dg::device_info::simulator();
    const std::span<const dg::gemm_handle> kernels = dg::sim::kernel_list<layer>;

    // [ready]
    const dg::engine engine(kernels, device, {.dependent_launch = true});
    const dg::gemm_options weights_are_ready{.stream = stream, .ready = {.b = true}};
    dg::or_throw(dg::bf16_gemm_nt(engine, first, w1, argument_of(hidden), weights_are_ready));
    dg::or_throw(dg::bf16_gemm_nt(engine, argument_of(std::as_const(hidden)), w2, argument_of(y), weights_are_ready));
    // [ready]

    CHECK(dg::reference::compare_exact(hidden.view(),
                                       dg::reference::gemm(dg::reference::plain(std::as_const(x).view()),
                                                           dg::reference::plain(std::as_const(up).view()))));
    CHECK(
        dg::reference::compare_exact(y.view(), dg::reference::gemm(dg::reference::plain(std::as_const(hidden).view()),
                                                                   dg::reference::plain(std::as_const(down).view()))));
}

}  // namespace ready_weights_tests
