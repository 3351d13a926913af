// SPDX-License-Identifier: MIT
// Matrices and scales in memory as callers of all operations give them: pointers, shapes and strides. Shapes are 64-bit here,
// so that a size that does not fit is an error and does not wrap around. matrix_rules.hpp checks them.
#pragma once

#include <cstdint>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/error.hpp>
#include <deepgemm/kernel/info.cuh>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// A matrix in device memory (host memory for the simulator): element (r, c) is at r * row_stride + c * column_stride, strides
/// in elements. If there is only one row or column, its stride does not matter.
template <class Pointer>
struct matrix_argument {
    Pointer data = nullptr;
    dtype type = dtype::e4m3;
    i64 rows = 0, columns = 0;
    i64 row_stride = 0, column_stride = 1;

    /// A matrix that may be written may also be read. A template, because nvcc warns of a conversion of a class to itself.
    template <class Read>
        requires(same_as<Read, const void*> && !same_as<Pointer, Read>)
    operator matrix_argument<Read>() const { return {data, type, rows, columns, row_stride, column_stride}; }
};

/// A matrix that is only read.
using input_matrix = matrix_argument<const void*>;
/// A matrix that is written.
using output_matrix = matrix_argument<void*>;

/// A row-major matrix of `T` whose rows are `pitch` elements apart (0: no padding).
template <class T>
constexpr input_matrix row_major(const T* data, i64 rows, i64 columns, i64 pitch = 0) {
    return {data, dtype_of<T>, rows, columns, pitch == 0 ? columns : pitch, 1};
}
/// The same, to be written.
template <class T>
    requires(!is_same_v<T, const T>)
constexpr output_matrix row_major(T* data, i64 rows, i64 columns, i64 pitch = 0) {
    return {data, dtype_of<T>, rows, columns, pitch == 0 ? columns : pitch, 1};
}

/// The same memory with rows and columns exchanged.
template <class Pointer>
constexpr matrix_argument<Pointer> transposed(const matrix_argument<Pointer>& x) {
    return {x.data, x.type, x.columns, x.rows, x.column_stride, x.row_stride};
}

/// The scales of an operand of `mn` rows and K columns, in 32-bit words: word (i, w) is at i * row_stride + w * column_stride.
/// Row i covers operand rows from i * tile.mn on. Word w covers tile.k elements of K (fp32), or four times as many (ue8m0). A
/// tile that covers all of K, or all rows, has one row, or one column, of words.
struct scale_argument {
    const void* data = nullptr;
    scale_kind kind = scale_kind::fp32;
    scale_tile tile{};
    i64 rows = 0, columns = 0;
    i64 row_stride = 1, column_stride = 0;  ///< in words
};

/// The same words with rows and columns exchanged. The tile stays as it is, since it is given as M or N, and K.
constexpr scale_argument transposed(const scale_argument& x) {
    return {x.data, x.kind, x.tile, x.columns, x.rows, x.column_stride, x.row_stride};
}

/// Scales that each cover one row and 128 elements of K, MN-major: columns of words are `stride` words apart (0: the number of
/// rows rounded up to a multiple of 4, which TMA needs).
constexpr scale_argument per_token_scales(const void* data, scale_kind kind, i64 mn, i64 k, i64 stride = 0) {
    const i64 columns = ceil_div(k, k_per_word(kind, {1, 128}));
    return {data, kind, {1, 128}, mn, columns, 1, stride == 0 ? align_up(mn, i64(4)) : stride};
}

/// The same for A, K-major: rows of words are `stride` words apart (0: no padding), at any multiple of 4 bytes.
constexpr scale_argument k_major_scales(const void* data, scale_kind kind, i64 m, i64 k, i64 stride = 0) {
    const i64 columns = ceil_div(k, k_per_word(kind, {1, 128}));
    return {data, kind, {1, 128}, m, columns, stride == 0 ? columns : stride, 1};
}

/// The dimension along which scales of single rows are contiguous. A single row is both, and so is a single column (K of one
/// word). They count as MN-major if TMA can load them: columns must be multiples of 4 words apart and start at a multiple of 16
/// bytes.
constexpr major contiguous_along(const scale_argument& scales) {
    // Those of blocks, and those that hold for all of K: kernels take any order.
    if (scales.tile.mn != 1 || scales.tile.all_of_k()) return major::mn;
    const bool mn = scales.rows > 1 ? scales.row_stride == 1 : scales.columns <= 1 || scales.column_stride % 4 == 0;
    if (mn && scales.columns == 1)
        return reinterpret_cast<std::uintptr_t>(scales.data) % 16 == 0 ? major::mn : major::k;
    return mn ? major::mn : major::k;
}

/// Packed scales that each cover one row and 32 elements of K (ue8m0), or 16 of FP4 (ue4m3), MN-major: columns of words are
/// `stride` words apart (0: the number of rows rounded up to a multiple of 4). Blackwell's tensor cores apply them.
constexpr scale_argument mx_scales(const void* data, scale_kind kind, i64 mn, i64 k, i64 stride = 0) {
    const scale_tile tile{1, kind == scale_kind::ue4m3 ? 16 : 32};
    return {data, kind, tile, mn, ceil_div(k, k_per_word(kind, tile)), 1, stride == 0 ? align_up(mn, i64(4)) : stride};
}

/// Scales that each cover 128 rows and 128 elements of K, contiguous along K.
constexpr scale_argument per_block_scales(const void* data, scale_kind kind, i64 n, i64 k) {
    const i64 columns = ceil_div(k, k_per_word(kind, {128, 128}));
    return {data, kind, {128, 128}, ceil_div(n, i64(128)), columns, columns, 1};
}

/// FP32 scales that each cover one row of an operand and all of its K: per token of A, per channel of B. They are `stride`
/// words apart.
constexpr scale_argument per_row_scales(const void* data, i64 mn, i64 stride = 1) {
    return {data, scale_kind::fp32, {1, scale_tile::all}, mn, 1, stride, 1};
}

/// One FP32 scale for a whole operand, in device memory, so that what computes it need not wait for the host.
constexpr scale_argument per_tensor_scale(const void* data) {
    return {data, scale_kind::fp32, {scale_tile::all, scale_tile::all}, 1, 1, 1, 1};
}

/// An operand: a matrix with its scales. 16-bit elements have none.
struct scaled_matrix {
    input_matrix matrix{};
    scale_argument scales{};
};

/// An operand without scales.
constexpr scaled_matrix unscaled(const input_matrix& matrix) { return {matrix, {.kind = scale_kind::none}}; }

/// The same operand with rows and columns exchanged; memory stays as it is.
constexpr scaled_matrix transposed(const scaled_matrix& x) { return {transposed(x.matrix), transposed(x.scales)}; }

namespace detail {

constexpr bool is_fp8(dtype type) { return type == dtype::e4m3 || type == dtype::e5m2; }
/// FP4, two elements to a byte.
constexpr bool is_fp4(dtype type) { return type == dtype::e2m1x2; }
/// Elements of up to 8 bits, which have scales.
constexpr bool is_small(dtype type) { return is_fp8(type) || is_fp4(type); }
constexpr bool is_tf32(dtype type) { return type == dtype::tf32; }
constexpr bool is_bf16(dtype type) { return type == dtype::bf16; }
constexpr bool is_f16(dtype type) { return type == dtype::f16; }
constexpr bool is_half(dtype type) { return is_bf16(type) || is_f16(type); }

}  // namespace detail

/// The dimension along which an operand (M or N, K) is contiguous. One that is contiguous along both counts as K-major, except
/// a dense column (K = 1): its rows are too close together for TMA.
constexpr major contiguous_along(const input_matrix& x) {
    if (x.columns == 0) return major::k;
    if (x.columns == 1) return x.rows > 1 && x.row_stride == 1 ? major::mn : major::k;
    return x.column_stride != 1 && (x.rows == 1 || x.row_stride == 1) ? major::mn : major::k;
}

namespace detail {

/// The description that a kernel's operand must have for this one.
constexpr operand_info operand_of(const scaled_matrix& x) {
    const dtype type = x.matrix.type;
    if (is_half(type)) return {type, scale_kind::none, {}, contiguous_along(x.matrix)};
    if (x.scales.kind == scale_kind::none) return {type, scale_kind::none, {}, contiguous_along(x.matrix)};
    return {type, x.scales.kind, x.scales.tile, contiguous_along(x.matrix), contiguous_along(x.scales)};
}

/// The operand, or its transpose, so that rows are contiguous.
constexpr input_matrix contiguous_rows(const input_matrix& x) {
    return contiguous_along(x) == major::mn ? transposed(x) : x;
}

}  // namespace detail

}  // namespace deepgemm
