// SPDX-License-Identifier: MIT
// Who owns which element of a 64 x N wgmma result: the fragment map of sm90, as arithmetic.
// Thread t of a warpgroup holds, in register i, row 16 (t / 32) + (t % 32) / 4 + 8 (i / 2 % 2) and
// column 8 (i / 4) + 2 (t % 4) + i % 2. docs/hardware/wgmma.md draws it.
#pragma once

#include <deepgemm/core/math.cuh>
#include <deepgemm/ptx/thread.cuh>

namespace deepgemm::sm90 {

/// Rows one warpgroup multiplies in one instruction.
inline constexpr int fragment_rows = 64;
/// Rows of a fragment that one warp holds.
inline constexpr int warp_rows = 16;

/// Row of register `i` of thread `thread` of a warpgroup, 0 to 63.
DEEPGEMM_BOTH constexpr int fragment_row(int thread, int i) {
    return 16 * (thread / 32) + thread % 32 / 4 + 8 * (i / 2 % 2);
}

/// Column of register `i` of thread `thread` of a warpgroup.
DEEPGEMM_BOTH constexpr int fragment_column(int thread, int i) { return 8 * (i / 4) + 2 * (thread % 4) + i % 2; }

/// The place of the calling thread in its warpgroup's fragments; computed once per role.
struct fragment_place {
    int row;     ///< of registers 0 and 1; registers 2 and 3 are 8 rows below
    int column;  ///< of register 0; the others follow at 1, 8 i and 8 i + 1

    /// The calling thread's place.
    DEEPGEMM_DEVICE static fragment_place here() {
        const int thread = int(ptx::thread_index() % 128);
        return {fragment_row(thread, 0), fragment_column(thread, 0)};
    }
};

}  // namespace deepgemm::sm90
