// SPDX-License-Identifier: MIT
// Rows that a list in device memory names: gathered rows of A, scattered rows of D.
#pragma once

#include <deepgemm/kernel/arguments.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/thread.cuh>

namespace deepgemm {

/// Any thread: number `i` of a list of rows of a matrix that has `rows`, or -1 if that is no row of it. The simulator and
/// kernels with DEEPGEMM_DEBUG trap then.
DEEPGEMM_DEVICE i32 listed_row(const row_list& list, i32 i, i64 rows) {
    const i64 row = list.wide ? ptx::ld_global(static_cast<const i64*>(list.data) + i)
                              : i64(ptx::ld_global(static_cast<const i32*>(list.data) + i));
    if (row >= 0 && row < rows) return i32(row);
    if (ptx::checks_promises) ptx::trap("entry %d of a list of rows is %lld, which is no row of the matrix", i, row);
    return -1;
}

}  // namespace deepgemm
