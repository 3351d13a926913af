// SPDX-License-Identifier: MIT
// Tiles in shared memory as TMA writes them, and matrices in global memory: coordinates to offsets.
#pragma once

#include <deepgemm/layout/layout.cuh>
#include <deepgemm/layout/swizzle.cuh>

namespace deepgemm {

/// A tile of `Rows` x `Columns` elements of `T` in shared memory, row after row, as TMA writes it with the swizzle of that row
/// length. A row is one swizzle span: 16, 32, 64 or 128 bytes.
template <class T, int Rows, int Columns>
struct smem_tile {
    using element = T;
    static constexpr int rows = Rows, columns = Columns;
    static constexpr u32 row_bytes = Columns * sizeof(T);
    static constexpr u32 bytes = Rows * row_bytes, landing_bytes = bytes;  ///< in all, and those that copies count
    static constexpr swizzle_mode swizzle = swizzle_for_row(row_bytes);
    static_assert(row_bytes == swizzle_span_bytes(swizzle), "a shared-memory tile has rows of 16, 32, 64 or 128 bytes");
    static_assert(Rows % 8 == 0, "a shared-memory tile has whole groups of eight rows");

    /// Byte offset of an element from the tile's start (a multiple of 1024).
    DEEPGEMM_BOTH static constexpr u32 offset(int row, int column) {
        return swizzled(u32(row) * row_bytes + u32(column) * u32(sizeof(T)), swizzle);
    }
};

/// A row-major matrix in global memory with a run-time pitch; extents unknown (0).
template <class T>
struct strided {
    using element = T;
    i64 pitch;  ///< elements between rows
    /// Elements from the first one; 64 bits, since matrices may exceed 2^31 elements.
    DEEPGEMM_BOTH constexpr i64 offset(i64 row, i64 column) const { return row * pitch + column; }
};

}  // namespace deepgemm
