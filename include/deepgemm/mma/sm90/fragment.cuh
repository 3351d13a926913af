// SPDX-License-Identifier: MIT
// Which thread holds which element of a 64 x N result of wgmma: the fragment map of sm90, as arithmetic.
// docs/hardware/wgmma.md draws it.
#pragma once

#include <deepgemm/mma/fragment.cuh>

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

}  // namespace deepgemm::sm90
