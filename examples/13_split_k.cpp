// SPDX-License-Identifier: MIT
// Rung 13: few rows and a long K. D has only a tile or two, so most multiprocessors would be idle. A cluster therefore shares
// the K blocks of a tile, and its first CTA adds up all totals, in a fixed order, in its shared memory. New here:
// config.split_k. No workspace, no second kernel, and the same bits in every run.
#include <deepgemm/kernel/gemm.cuh>

#include "common/operands.hpp"

namespace dg = deepgemm;

// [kernels]
using by_token = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using by_block = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
using whole = dg::gemm<dg::arch::sm90, by_token, by_block, dg::store<dg::bf16>,
                       dg::config{.block = {64, 64, 128}, .sm90 = {.warpgroups = 1}}>;
using in_parts = dg::gemm<dg::arch::sm90, by_token, by_block, dg::store<dg::bf16>,
                          dg::config{.block = {64, 64, 128}, .split_k = 4, .sm90 = {.warpgroups = 1}}>;
// [kernels]

/// The product by one kernel, which tells how many blocks it employs.
template <class Kernel>
dg::matrix<dg::bf16> product(backend::operand& a, backend::operand& b) {
    dg::matrix<dg::bf16> d(a.host.data.rows(), b.host.data.rows());
    backend::array<dg::bf16> d_there(d.size());
    // [use]
    const typename Kernel::arguments arguments{
        dg::arguments_of({.a = a.argument(), .b = b.argument(), .d = argument_of(d, d_there.data())})};
    std::printf("parts of K: %d, blocks on 132 multiprocessors: %d\n", Kernel::info.cfg.split_k,
                Kernel::grid(arguments, 132));
    backend::launch<Kernel>(arguments);
    // [use]
    d_there.read(d);
    return d;
}

int main() {
    constexpr int m = 16, n = 192, k = 4000;
    dg::random_source random(dg::fresh_seed());
    auto a = backend::normal_operand(random, m, k, {1, 128}), b = backend::normal_operand(random, n, k, {128, 128});
    std::printf("A (%d, %d) x B (%d, %d)^T on %s.\n", m, k, n, k, backend::name().c_str());
    const auto expected = dg::reference::gemm(a.host.view(), b.host.view());
    const auto judge = [&](dg::matrix<dg::bf16>& d) {
        return backend::report(dg::reference::compare(d.view(), expected, dg::tolerance::hopper_fp8));
    };

    auto one = product<whole>(a, b), first = product<in_parts>(a, b), second = product<in_parts>(a, b);
    // Parts are added in the order of their ranks, not of their completion, so two runs agree in every bit. They agree with the
    // unsplit kernel only up to rounding, because that forms its sums in another order.
    const bool repeats = std::memcmp(first.data(), second.data(), first.bytes()) == 0;
    std::printf("%s\n", repeats ? "Two runs in parts agree bit by bit." : "FAIL: two runs in parts differ");
    return judge(one) | judge(first) | (repeats ? 0 : 1);
}
