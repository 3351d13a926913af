// SPDX-License-Identifier: MIT
// How a GEMM divides tensor memory, and how totals get from there to registers.
#pragma once

#include <deepgemm/core/arch.cuh>
#include <deepgemm/core/math.cuh>
#include <deepgemm/ptx/tcgen05_memory.cuh>
#include <deepgemm/ptx/thread.cuh>

namespace deepgemm::sm100 {

/// The columns of tensor memory of a CTA: `Accumulators` accumulators of `Width` columns, then those of the scales of A and of
/// B.
template <int Width, int Accumulators, int AScales, int BScales>
struct tensor_columns {
    static constexpr u32 a_scales = u32(Accumulators * Width), b_scales = a_scales + u32(AScales),
                         used = b_scales + u32(BScales);
    /// As many as are allocated: a power of two, 32 at least.
    static constexpr u32 allocated = used <= 32 ? 32 : used <= 64 ? 64 : used <= 128 ? 128 : used <= 256 ? 256 : 512;
    /// The first column of accumulator `i`.
    DEEPGEMM_BOTH static constexpr u32 accumulator(u32 i) { return i * u32(Width); }
};

/// Converged warp: `Columns` columns, a multiple of 8, of the warp's quarter of the lanes, from column `first` on, as lane_rows
/// says: each thread gets those of its lane.
template <int Columns>
DEEPGEMM_DEVICE void read_lanes(u32 tensor_memory, u32 first, float (&value)[Columns]) {
    static_assert(Columns % 8 == 0);
    constexpr int whole = Columns / 32, by_16 = whole * 32, by_8 = by_16 + Columns / 16 % 2 * 16;
    const u32 at = tensor_memory + (ptx::warp_index() % 4 * 32 << 16) + first;
    u32 bits[max(whole, 1)][32], sixteen[16], eight[8];
    DEEPGEMM_UNROLL
    for (int i = 0; i < whole; ++i) ptx::tcgen05_load(bits[i], at + u32(32 * i));
    if constexpr (by_8 != by_16) ptx::tcgen05_load(sixteen, at + u32(by_16));
    if constexpr (Columns != by_8) ptx::tcgen05_load(eight, at + u32(by_8));
    ptx::tcgen05_wait_load();
    DEEPGEMM_UNROLL
    for (int i = 0; i < by_16; ++i) value[i] = bit_cast<float>(bits[i / 32][i % 32]);
    DEEPGEMM_UNROLL
    for (int i = by_16; i < by_8; ++i) value[i] = bit_cast<float>(sixteen[i - by_16]);
    DEEPGEMM_UNROLL
    for (int i = by_8; i < Columns; ++i) value[i] = bit_cast<float>(eight[i - by_8]);
}

}  // namespace deepgemm::sm100
