// SPDX-License-Identifier: MIT
// Rung 12: ping-pong. Warpgroups that share a tile end it together, so the tensor cores are idle while they store it.
// Warpgroups that alternate take whole tiles: one stores its tile while the other multiplies the next. New here:
// config.sm90.alternate, and two kernels that differ in nothing else. Their results are the same, bit by bit.
#include <deepgemm/kernel/gemm.cuh>

#include "common/operands.hpp"

namespace dg = deepgemm;

// [kernels]
constexpr auto never = dg::promotion::never;
using operand = dg::operand<dg::bf16>;
// Two warpgroups, each with 64 rows of every tile,
using shared_tiles = dg::gemm<dg::arch::sm90, operand, operand, dg::store<dg::bf16>,
                              dg::config{.block = {128, 64, 64}, .stages = 4, .sm90 = {.promote = never}}>;
// or each with all 128 rows of every other tile.
using own_tiles =
    dg::gemm<dg::arch::sm90, operand, operand, dg::store<dg::bf16>,
             dg::config{.block = {128, 64, 64}, .stages = 4, .sm90 = {.alternate = true, .promote = never}}>;
// [kernels]

/// D = A x B^T by one kernel, and what the warps did.
template <class Kernel>
dg::matrix<dg::bf16> product(const dg::matrix<dg::bf16>& a, const dg::matrix<dg::bf16>& b) {
    dg::matrix<dg::bf16> d(a.rows(), b.rows());
    backend::array<dg::bf16> a_there(a), b_there(b), d_there(d.size());
    backend::launch<Kernel>({dg::arguments_of({.a = dg::unscaled(argument_of(a, a_there.data())),
                                               .b = dg::unscaled(argument_of(b, b_there.data())),
                                               .d = argument_of(d, d_there.data())})});
    backend::show_timeline();
    d_there.read(d);
    return d;
}

int main() {
    constexpr int m = 512, n = 512, k = 256;  // a short K: stores are a good part of the work
    dg::random_source random(dg::fresh_seed());
    dg::matrix<dg::bf16> a(m, k), b(n, k);
    random.fill_normal(a.view());
    random.fill_normal(b.view());

    std::printf("Both warpgroups at each tile, on %s:\n", backend::name().c_str());
    auto together = product<shared_tiles>(a, b);
    std::printf("A tile for each warpgroup:\n");
    auto in_turn = product<own_tiles>(a, b);

    const bool same = std::memcmp(together.data(), in_turn.data(), in_turn.bytes()) == 0;
    if (!same) std::printf("FAIL: the two kernels do not agree\n");
    const auto expected = dg::reference::gemm(dg::reference::plain(std::as_const(a).view()),
                                              dg::reference::plain(std::as_const(b).view()));
    return backend::report(dg::reference::compare(in_turn.view(), expected, dg::tolerance::half)) | (same ? 0 : 1);
}
