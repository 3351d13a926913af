// SPDX-License-Identifier: MIT
// Which thread holds which element of a result of tcgen05 after tcgen05_load has brought it from tensor memory to registers:
// the fragment map of sm100, as arithmetic.
#pragma once

#include <deepgemm/mma/fragment.cuh>

namespace deepgemm::sm100 {

/// Each of 128 threads holds one lane of tensor memory, which is one row of D if M is 128 for each CTA. Warp w of four has
/// lanes 32 w to 32 w + 31. One load brings 32 columns.
struct lane_rows {
    static constexpr int rows = 128;
    static constexpr int warp_rows = 32;
    static constexpr int columns_at_once = 32;
    static constexpr int columns_at_hand = 64;  ///< that a thread takes from tensor memory before it stores them
    static constexpr int thread_rows = 1;       ///< of a fragment, of which one thread holds elements
    static constexpr int row_lanes = 1;         ///< that hold a row together

    /// Row of register `i` of thread `thread` of four warps.
    DEEPGEMM_BOTH static constexpr int row(int thread, int /*i*/) { return thread; }
    /// Column of register `i`.
    DEEPGEMM_BOTH static constexpr int column(int /*thread*/, int i) { return i; }

    /// Distance from a thread's first row to its row `j`, and which of its rows register `i` belongs to.
    DEEPGEMM_BOTH static constexpr int thread_row(int /*j*/) { return 0; }
    DEEPGEMM_BOTH static constexpr int thread_row_of(int /*i*/) { return 0; }
};

static_assert(fragment_map<lane_rows>);

}  // namespace deepgemm::sm100
