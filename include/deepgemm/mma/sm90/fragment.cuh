// SPDX-License-Identifier: MIT
// Which thread holds which element of a 64 x N result of wgmma: the fragment map of sm90, as arithmetic.
// docs/hardware/wgmma.md draws it.
#pragma once

#include <deepgemm/mma/fragment.cuh>
#include <deepgemm/ptx/select.cuh>
#include <deepgemm/ptx/warp.cuh>

namespace deepgemm::sm90 {

/// Thread t of a warpgroup holds, in register i, row 16 (t / 32) + (t % 32) / 4 + 8 (i / 2 % 2) and column 8 (i / 4) + 2 (t %
/// 4) + i % 2. So in each group of eight columns it has two neighbours of one row, and two of the row eight below.
struct wgmma_rows {
    static constexpr int rows = 64;            ///< of a fragment: those of one wgmma instruction
    static constexpr int warp_rows = 16;       ///< of a fragment that one warp holds
    static constexpr int columns_at_once = 2;  ///< neighbouring columns in neighbouring registers
    static constexpr int thread_rows = 2;      ///< of a fragment, of which one thread holds elements
    static constexpr int row_lanes = 4;        ///< neighbouring lanes that hold a row of eight columns together

    /// Row of register `i` of thread `thread` of a warpgroup, 0 to 63.
    DEEPGEMM_BOTH static constexpr int row(int thread, int i) {
        return 16 * (thread / 32) + thread % 32 / 4 + 8 * (i / 2 % 2);
    }
    /// Column of register `i` of thread `thread` of a warpgroup. Written as twice the number of a pair of columns: for other
    /// forms of the same number nvcc 13.0 makes more comparisons at a ragged edge.
    DEEPGEMM_BOTH static constexpr int column(int thread, int i) { return 2 * (i / 4 * 4 + thread % 4) + i % 2; }

    /// Distance from a thread's first row to its row `j`, and from its first column to its column `j`.
    DEEPGEMM_BOTH static constexpr int thread_row(int j) { return row(0, 2 * j); }
    /// Which of a thread's rows register `i` belongs to.
    DEEPGEMM_BOTH static constexpr int thread_row_of(int i) { return i / 2 % 2; }
    DEEPGEMM_BOTH static constexpr int thread_column(int j) { return column(0, j / 2 * 4 + j % 2); }
};

static_assert(fragment_map<wgmma_rows>);

/// The same fragment where row r of each half of a warp's 16 rows is row 2 r, or 2 r + 1, of the product: what a multiply
/// leaves if its rows came by transposed_fp8. A thread holds two neighbouring rows.
struct wgmma_row_pairs : wgmma_rows {
    /// Row of register `i` of thread `thread` of a warpgroup, 0 to 63.
    DEEPGEMM_BOTH static constexpr int row(int thread, int i) {
        return 16 * (thread / 32) + 2 * (thread % 32 / 4) + i / 2 % 2;
    }
    DEEPGEMM_BOTH static constexpr int thread_row(int j) { return row(0, 2 * j); }
};

static_assert(fragment_map<wgmma_row_pairs>);

/// Converged warp: brings a fragment from the order of wgmma_row_pairs to that of wgmma_rows.
template <int Registers>
DEEPGEMM_DEVICE void in_order(float (&value)[Registers]) {
    const u32 lane = ptx::lane_index(),
              from = lane / 8 * 4 + lane % 4;  // who has row lane / 4, and four lanes of eight on row 8 + lane / 4
    const bool odd = lane / 4 % 2 != 0;
    DEEPGEMM_UNROLL
    for (int i = 0; i < Registers; i += 4) {
        DEEPGEMM_UNROLL
        for (int column = 0; column < 2; ++column) {
            const float even_row = value[i + column], odd_row = value[i + 2 + column];
            DEEPGEMM_UNROLL
            for (int half = 0; half < 2; ++half) {
                const float one = ptx::shuffle(even_row, from + 16 * half),
                            other = ptx::shuffle(odd_row, from + 16 * half);
                value[i + 2 * half + column] = ptx::select(odd, other, one);
            }
        }
    }
}

}  // namespace deepgemm::sm90
