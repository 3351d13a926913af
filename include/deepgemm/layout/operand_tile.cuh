// SPDX-License-Identifier: MIT
// The tile of an operand in shared memory, (rows, k), as TMA leaves it and wgmma reads it. K is one 128-byte row of a K-major tile.
// An MN-major tile is a row of slabs, each (k, 64 elements of M or N), k rows of 128 bytes; or half as wide, where the tile is no
// multiple of 64. The swizzle is as wide as a row.
// Copies, descriptors and steps differ between the two orders; a kernel asks for them here and sees no difference.
#pragma once

#include <deepgemm/layout/descriptor.cuh>
#include <deepgemm/layout/layout.cuh>

namespace deepgemm {

/// Where a copy starts in the matrix a tensor map describes.
struct copy_place {
    i32 inner, outer;
};

/// A tile of `Rows` rows of M or N by `K` elements of K, contiguous along `Contiguous`.
template <class T, int Rows, int K, major Contiguous = major::k>
struct operand_tile : smem_tile<T, Rows, K> {
    static_assert(K * sizeof(T) == 128, "operand_tile: K must be 128 bytes");
    static constexpr int k = K;
    static constexpr major contiguous = major::k;
    static constexpr int copies = 1;  ///< that bring all rows
    /// From one row to the next, and from one wgmma step of 32 bytes of K to the next.
    static constexpr u32 bytes_per_row = 128, step_bytes = 32;

    /// Describes the tile at shared address `address`; sm90::advance moves on by rows and steps.
    DEEPGEMM_BOTH static constexpr u64 descriptor(u32 address) {
        return sm90::k_major_descriptor(address, swizzle_mode::b128);
    }
    /// The tensor map of a matrix (rows, k) whose rows are `pitch` elements apart; a copy brings `copied` rows.
    DEEPGEMM_BOTH static constexpr tensor_map_request map(const void* base, i64 rows, i64 k, i64 pitch, int copied) {
        return matrix_map(base, dtype_of<T>, rows, k, pitch * i64(sizeof(T)), copied, K, swizzle_mode::b128);
    }
    /// Where a copy of rows from `row` on and K from `k` on starts.
    DEEPGEMM_BOTH static constexpr copy_place place(i32 row, i32 k) { return {k, row}; }
};

template <class T, int Rows, int K>
struct operand_tile<T, Rows, K, major::mn> {
    using element = T;
    static constexpr int rows = Rows, columns = K, k = K;
    static constexpr major contiguous = major::mn;
    static constexpr int slab = Rows % 64 == 0 ? 64 : 32;  ///< elements of M or N in one row
    static_assert(sizeof(T) == 2, "operand_tile: only 16-bit elements may be MN-major");
    static_assert(Rows % slab == 0, "operand_tile: an MN-major tile has whole slabs of 32 or of 64 rows");
    static constexpr u32 line_bytes = slab * sizeof(T);  ///< of a row
    static constexpr swizzle_mode swizzle = swizzle_for_row(line_bytes);
    static constexpr u32 slab_bytes = K * line_bytes, bytes = Rows * K * sizeof(T);
    static constexpr int copies = Rows / slab;
    static constexpr u32 bytes_per_row = slab_bytes / slab;  ///< between rows that are whole slabs apart
    static constexpr u32 step_bytes = 16 * line_bytes;       ///< 16 rows of K

    /// Byte offset of an element from the tile's start (a multiple of 1024).
    DEEPGEMM_BOTH static constexpr u32 offset(int row, int k) {
        return u32(row / slab) * slab_bytes + swizzled(u32(k) * line_bytes + u32(row % slab) * u32(sizeof(T)), swizzle);
    }
    DEEPGEMM_BOTH static constexpr u64 descriptor(u32 address) {
        return sm90::make_descriptor(address, slab_bytes, 8 * line_bytes, swizzle);
    }
    /// The tensor map of a matrix (rows, k) whose columns are `pitch` elements apart; a copy brings one slab.
    DEEPGEMM_BOTH static constexpr tensor_map_request map(const void* base, i64 rows, i64 k, i64 pitch,
                                                          int /*copied*/) {
        return matrix_map(base, dtype_of<T>, k, rows, pitch * i64(sizeof(T)), K, slab, swizzle);
    }
    DEEPGEMM_BOTH static constexpr copy_place place(i32 row, i32 k) { return {row, k}; }
};

static_assert(layout<operand_tile<bf16, 64, 64>> && layout<operand_tile<bf16, 128, 64, major::mn>>);

}  // namespace deepgemm
