// SPDX-License-Identifier: MIT
// The tile of an operand in shared memory, (rows, k), as TMA writes it and the tensor cores read it. A K-major tile has rows of
// 32, 64 or 128 bytes of K. An MN-major tile has slabs: each holds k lines of 128 bytes of M or N, or of 64 bytes if the tile
// is no multiple of 128 bytes wide. The swizzle is as wide as a row or a line. Copies and steps differ between the two orders;
// kernels ask for them here and treat both alike. Descriptors of tiles are in mma/.
#pragma once

#include <deepgemm/core/small_types.cuh>
#include <deepgemm/layout/smem_tile.cuh>

namespace deepgemm {

/// Where a copy starts in the matrix that a tensor map describes, in elements: along its contiguous dimension and across it.
struct copy_place {
    i32 inner, outer;
};

namespace detail {
/// True if `k` elements are one, two or four multiplies of 32 bytes of K.
template <class T>
DEEPGEMM_BOTH constexpr bool whole_steps(int k) {
    const u32 bytes = u32(k) * u32(sizeof(T));
    return bytes == 32 || bytes == 64 || bytes == 128;
}
}  // namespace detail

/// A tile of `Rows` rows of M or N by `K` elements of K, contiguous along `Contiguous`.
template <class T, int Rows, int K, major Contiguous = major::k>
struct operand_tile : smem_tile<T, Rows, K> {
    static_assert(detail::whole_steps<T>(K), "operand_tile: K must be 32, 64 or 128 bytes");
    static constexpr int k = K;
    static constexpr major contiguous = major::k;
    static constexpr swizzle_mode swizzle = swizzle_for_row(K * sizeof(T));
    static constexpr int copies = 1;  ///< TMA copies that bring a whole tile
    /// Bytes from one row to the next, and from one element of K to the next, before the swizzle.
    static constexpr u32 bytes_per_row = K * sizeof(T), bytes_per_k = sizeof(T);

    /// The tensor map of a matrix (rows, k) whose rows are `pitch` elements apart. A copy brings `copied` rows.
    DEEPGEMM_BOTH static constexpr tensor_map_request map(const void* base, i64 rows, i64 k, i64 pitch, int copied) {
        return matrix_map(base, dtype_of<T>, rows, k, pitch * i64(sizeof(T)), copied, K, swizzle);
    }
    /// Where a copy starts that brings rows from `row` on and K from `k` on.
    DEEPGEMM_BOTH static constexpr copy_place place(i32 row, i32 k) { return {k, row}; }
};

/// A tile of packed FP4, contiguous along K: bytes of two elements, for kinds that multiply nothing else.
template <int Rows, int K>
struct operand_tile<e2m1, Rows, K, major::k> : operand_tile<e2m1x2, Rows, K / 2, major::k> {
    using bytes_tile = operand_tile<e2m1x2, Rows, K / 2, major::k>;
    static constexpr int k = K;

    /// As of other tiles; lengths count elements singly. `k` is even.
    DEEPGEMM_BOTH static constexpr tensor_map_request map(const void* base, i64 rows, i64 k, i64 pitch, int copied) {
        return bytes_tile::map(base, rows, ceil_div(k, i64(2)), pitch / 2, copied);
    }
    DEEPGEMM_BOTH static constexpr copy_place place(i32 row, i32 k) { return {k / 2, row}; }
};

template <class T, int Rows, int K>
struct operand_tile<T, Rows, K, major::mn> {
    static_assert(detail::whole_steps<T>(K), "operand_tile: K must be 32, 64 or 128 bytes");
    using element = T;
    static constexpr int rows = Rows, columns = K, k = K;
    static constexpr major contiguous = major::mn;
    static constexpr u32 line_bytes = Rows * sizeof(T) % 128 == 0 ? 128 : 64;  ///< of one element of K in a slab
    static constexpr int slab = line_bytes / sizeof(T);                        ///< elements of M or N in a slab
    static_assert(Rows % slab == 0, "operand_tile: an MN-major tile has whole slabs of 64 or of 128 bytes");
    /// The tensor cores that read this order of TF32, those of SM100, want 32-byte atoms.
    static constexpr swizzle_mode swizzle = same_as<T, tf32> ? swizzle_mode::b128_atom32 : swizzle_for_row(line_bytes);
    static_assert(!same_as<T, tf32> || line_bytes == 128,
                  "operand_tile: an MN-major tile of TF32 has lines of 128 bytes");
    static constexpr u32 slab_bytes = K * line_bytes, bytes = Rows * K * sizeof(T), landing_bytes = bytes;
    static constexpr int copies = Rows / slab;
    /// Bytes per row of distance between rows that are whole slabs apart; and bytes from one element of K to the next.
    static constexpr u32 bytes_per_row = slab_bytes / slab, bytes_per_k = line_bytes;

    /// Byte offset of an element from the tile's start (a multiple of 1024).
    DEEPGEMM_BOTH static constexpr u32 offset(int row, int k) {
        return u32(row / slab) * slab_bytes + swizzled(u32(k) * line_bytes + u32(row % slab) * u32(sizeof(T)), swizzle);
    }
    /// The tensor map of a matrix (rows, k) whose columns are `pitch` elements apart. A copy brings one slab.
    DEEPGEMM_BOTH static constexpr tensor_map_request map(const void* base, i64 rows, i64 k, i64 pitch,
                                                          int /*copied*/) {
        return matrix_map(base, dtype_of<T>, k, rows, pitch * i64(sizeof(T)), K, slab, swizzle);
    }
    /// Where a copy starts that brings rows from `row` on and K from `k` on.
    DEEPGEMM_BOTH static constexpr copy_place place(i32 row, i32 k) { return {row, k}; }
};

static_assert(layout<operand_tile<bf16, 64, 64>> && layout<operand_tile<bf16, 128, 64, major::mn>>);

}  // namespace deepgemm
