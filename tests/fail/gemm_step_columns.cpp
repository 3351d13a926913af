// SPDX-License-Identifier: MIT
// D is staged and copied in groups of eight columns, so the steps of an epilogue must leave a multiple of eight.
// expect: gemm: the steps of the epilogue must leave a multiple of 8 columns of a tile
#include <deepgemm/epilogue/gated.cuh>
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

struct product_of_both {
    DEEPGEMM_DEVICE float operator()(float gate, float up, dg::i32, dg::i32) const { return gate * up; }
};
using half = dg::operand<dg::bf16>;
using halves = dg::then<dg::gated<product_of_both>, dg::store<dg::bf16>>;
#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm90, half, half, halves,
                        dg::config{.block = {128, 96, 64}, .sm90 = {.promote = dg::promotion::never}}>;
#else
using kernel = dg::gemm<dg::arch::sm90, half, half, halves,
                        dg::config{.block = {128, 88, 64}, .sm90 = {.promote = dg::promotion::never}}>;
#endif
constexpr auto threads = kernel::launch.threads;
