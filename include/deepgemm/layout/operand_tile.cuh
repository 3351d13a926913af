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

/// A tile of packed FP4, contiguous along K: bytes of two elements, for kinds that multiply nothing else. Lengths in memory
/// count elements singly; `k` is even.
template <int Rows, int K>
struct operand_tile<e2m1, Rows, K, major::k> : operand_tile<e2m1x2, Rows, K / 2, major::k> {
    static constexpr int k = K;

    DEEPGEMM_BOTH static constexpr tensor_map_request map(const void* base, i64 rows, i64 k, i64 pitch, int copied) {
        return matrix_map(base, dtype::e2m1x2, rows, k, pitch / 2, copied, K, swizzle_for_row(K / 2));
    }
    DEEPGEMM_BOTH static constexpr copy_place place(i32 row, i32 k) { return {k, row}; }
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

/// Elements of FP4 that lie packed in memory, and in shared memory as beside operands of 8 bits: 16 elements in the first half
/// of each 16 bytes. TMA spreads them (tensor_map_request::padded), and counts the bytes that it reads.
template <class T>
struct in_bytes;

/// A tile of these, in either order, with as many bytes as one of FP8. Extents along the contiguous dimension are multiples of
/// 128 elements.
template <int Rows, int K, major Contiguous>
struct spread_tile : operand_tile<e4m3, Rows, K, Contiguous> {
    using bytes_tile = operand_tile<e4m3, Rows, K, Contiguous>;
    static_assert(K == 128 && (Contiguous == major::k || Rows % 128 == 0),
                  "operand_tile: TMA copies FP4 beside operands of 8 bits in runs of 128 elements");
    static constexpr u32 landing_bytes = bytes_tile::bytes / 2;

    DEEPGEMM_BOTH static constexpr tensor_map_request map(const void* base, i64 rows, i64 k, i64 pitch, int copied) {
        tensor_map_request made = padded_map(bytes_tile::map(base, rows, k, pitch, copied));
        made.type = dtype::e2m1x2;
        made.stride_bytes[0] /= 2;
        return made;
    }
};
template <int Rows, int K>
struct operand_tile<in_bytes<e2m1>, Rows, K, major::k> : spread_tile<Rows, K, major::k> {};
template <int Rows, int K>
struct operand_tile<in_bytes<e2m1>, Rows, K, major::mn> : spread_tile<Rows, K, major::mn> {};

static_assert(layout<operand_tile<bf16, 64, 64>> && layout<operand_tile<bf16, 128, 64, major::mn>>);

}  // namespace deepgemm
