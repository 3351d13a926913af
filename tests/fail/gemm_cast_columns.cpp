// SPDX-License-Identifier: MIT
// A scale of a D in FP8 needs the largest of all its columns, so they must lie in one tile.
// expect: gemm: the columns of D under one scale must lie in one tile: the steps of the epilogue must leave a multiple of 128 columns of a tile, or of 32 for scales of 32 columns
#include <deepgemm/epilogue/cast.cuh>
#include <deepgemm/epilogue/gated.cuh>
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

struct product_of_both {
    DEEPGEMM_DEVICE float operator()(float gate, float up, dg::i32, dg::i32) const { return gate * up; }
};
using half = dg::operand<dg::bf16>;
using quantised = dg::then<dg::gated<product_of_both>, dg::cast_to_fp8<>>;
#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm90, half, half, quantised,
                        dg::config{.block = {128, 256, 64}, .sm90 = {.promote = dg::promotion::never}}>;
#else
using kernel = dg::gemm<dg::arch::sm90, half, half, quantised,
                        dg::config{.block = {128, 128, 64}, .sm90 = {.promote = dg::promotion::never}}>;
#endif
constexpr auto threads = kernel::launch.threads;
