// SPDX-License-Identifier: MIT
// A GEMM as its caller sees it: matrices and scales in memory, with shapes and strides. validate.hpp checks it, plan.hpp
// picks a kernel for it. Shapes here are 64-bit, so that what does not fit is an error and no wrap-around.
#pragma once

#include <cstdint>
#include <optional>

#include <deepgemm/host/error.hpp>
#include <deepgemm/kernel/info.cuh>

namespace deepgemm {

/// A matrix in device memory (host memory for the simulator): element (r, c) at r * row_stride + c * column_stride.
/// Strides are in elements. Where there is only one row or column, its stride does not matter.
template <class Pointer>
struct matrix_argument {
    Pointer data = nullptr;
    dtype type = dtype::e4m3;
    i64 rows = 0, columns = 0;
    i64 row_stride = 0, column_stride = 1;

    /// What is written may also be read. A template, since nvcc warns of a conversion of a class to itself.
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

/// The scales of an operand of `mn` rows and K columns, in 32-bit words: word (i, w) at i * row_stride + w * column_stride.
/// Row i serves operand rows from i * tile.mn on; word w serves tile.k elements of K (fp32) or four times as many (ue8m0).
struct scale_argument {
    const void* data = nullptr;
    scale_kind kind = scale_kind::fp32;
    scale_tile tile{};
    i64 rows = 0, columns = 0;
    i64 row_stride = 1, column_stride = 0;  ///< in words
};

/// The same words with rows and columns exchanged. The tile stays, since it names M or N and K.
constexpr scale_argument transposed(const scale_argument& x) {
    return {x.data, x.kind, x.tile, x.columns, x.rows, x.column_stride, x.row_stride};
}

/// Elements of K that one word of scales serves.
constexpr i64 k_per_word(scale_kind kind, scale_tile tile) { return kind == scale_kind::ue8m0 ? 4 * tile.k : tile.k; }

/// Scales of one row and 128 elements of K each, as kernels take them: MN-major, columns of words `stride` words apart
/// (0: the rows rounded up to a multiple of 4, which TMA needs).
constexpr scale_argument per_token_scales(const void* data, scale_kind kind, i64 mn, i64 k, i64 stride = 0) {
    const i64 columns = ceil_div(k, k_per_word(kind, {1, 128}));
    return {data, kind, {1, 128}, mn, columns, 1, stride == 0 ? align_up(mn, i64(4)) : stride};
}

/// The same for A, K-major: rows of words `stride` words apart (0: no padding), at any multiple of 4 bytes.
constexpr scale_argument k_major_scales(const void* data, scale_kind kind, i64 m, i64 k, i64 stride = 0) {
    const i64 columns = ceil_div(k, k_per_word(kind, {1, 128}));
    return {data, kind, {1, 128}, m, columns, stride == 0 ? columns : stride, 1};
}

/// The dimension along which scales of single rows are contiguous. One row, or one column (K of one word), may count as either:
/// they are MN-major where TMA can load them, which takes columns of multiples of 4 words that start at multiples of 16 bytes.
constexpr major contiguous_along(const scale_argument& scales) {
    if (scales.tile.mn != 1) return major::mn;  // a kernel takes these in any order
    const bool mn = scales.rows > 1 ? scales.row_stride == 1 : scales.columns <= 1 || scales.column_stride % 4 == 0;
    if (mn && scales.columns == 1)
        return reinterpret_cast<std::uintptr_t>(scales.data) % 16 == 0 ? major::mn : major::k;
    return mn ? major::mn : major::k;
}

/// Scales of 128 rows and 128 elements of K each, contiguous along K.
constexpr scale_argument per_block_scales(const void* data, scale_kind kind, i64 n, i64 k) {
    const i64 columns = ceil_div(k, k_per_word(kind, {128, 128}));
    return {data, kind, {128, 128}, ceil_div(n, i64(128)), columns, columns, 1};
}

/// An operand: a matrix with its scales, which 16-bit elements do without.
struct scaled_matrix {
    input_matrix matrix{};
    scale_argument scales{};
};

/// An operand without scales.
constexpr scaled_matrix unscaled(const input_matrix& matrix) { return {matrix, {.kind = scale_kind::none}}; }

/// The same operand with rows and columns exchanged, in memory that stays as it is.
constexpr scaled_matrix transposed(const scaled_matrix& x) { return {transposed(x.matrix), transposed(x.scales)}; }

namespace detail {

constexpr bool is_fp8(dtype type) { return type == dtype::e4m3 || type == dtype::e5m2; }
constexpr bool is_half(dtype type) { return type == dtype::bf16 || type == dtype::f16; }

}  // namespace detail

/// The dimension along which an operand (M or N, K) is contiguous: FP8 always K. A 16-bit operand that may count as either
/// counts as K-major, but for a dense column (K = 1), whose rows are too close together for TMA.
constexpr major contiguous_along(const input_matrix& x) {
    if (!detail::is_half(x.type) || x.columns == 0) return major::k;
    if (x.columns == 1) return x.rows > 1 && x.row_stride == 1 ? major::mn : major::k;
    return x.column_stride != 1 && (x.rows == 1 || x.row_stride == 1) ? major::mn : major::k;
}

/// D(m,n) = [C(m,n) +] sum over k of A(m,k) B(n,k), scales applied. With head splits, D has a hole in every head.
struct gemm_problem {
    scaled_matrix a{};                ///< (m, k)
    scaled_matrix b{};                ///< (n, k)
    output_matrix d{};                ///< (m, n), or (m, n + middle columns of all heads)
    std::optional<input_matrix> c{};  ///< as D, and of its type; may be D itself
    head_splits heads{};
    ready_operands ready{};  ///< need not wait for the stream's previous kernel, in dependent launches
};

/// What a planner sees of a problem: extents, types and memory orders, no pointers and no strides. Plans for equal workloads
/// are equal.
struct workload {
    problem_shape shape{};
    operand_info a{}, b{};
    dtype d = dtype::bf16;
    bool accumulate = false;
    bool in_place = false;  ///< C is D itself
    head_splits heads{};

    friend constexpr bool operator==(const workload& x, const workload& y) {
        return x.shape.m == y.shape.m && x.shape.n == y.shape.n && x.shape.k == y.shape.k && x.a == y.a && x.b == y.b &&
               x.d == y.d && x.accumulate == y.accumulate && x.in_place == y.in_place && x.heads == y.heads;
    }
};

/// A hash of all that tells workloads apart: layers of one shape and other types, orders or epilogues have other hashes.
constexpr u64 hash_of(const workload& work) {
    u64 hash = 0;
    const auto add = [&hash](u64 value) {
        hash = (hash ^ value) * 0x9e3779b97f4a7c15ull;
        hash ^= hash >> 29;
    };
    const auto add_operand = [&add](const operand_info& x) {
        add(u64(x.type) | u64(x.format) << 8 | u64(x.contiguous) << 16 | u64(x.scales) << 24 |
            u64(u32(x.tile.mn)) << 32);
        add(u64(u32(x.tile.k)));
    };
    add(u64(u32(work.shape.m)) | u64(u32(work.shape.n)) << 32);
    add(u64(u32(work.shape.k)) | u64(work.d) << 32 | u64(work.accumulate) << 40 | u64(work.in_place) << 41);
    add_operand(work.a);
    add_operand(work.b);
    add(u64(u32(work.heads.left)) | u64(u32(work.heads.middle)) << 32);
    add(u64(u32(work.heads.right)));
    return hash;
}

/// The workload with A and B exchanged, as a kernel sees it whose configuration swaps them.
constexpr workload exchanged(workload work) {
    swap_values(work.shape.m, work.shape.n);
    swap_values(work.a, work.b);
    return work;
}

namespace detail {

constexpr operand_info info_of(const scaled_matrix& x) {
    const dtype type = x.matrix.type;
    if (is_half(type)) return {type, scale_kind::none, {}, contiguous_along(x.matrix)};
    return {type, x.scales.kind, x.scales.tile, major::k, contiguous_along(x.scales)};
}

/// An operand as a matrix of contiguous rows: itself, or its transpose.
constexpr input_matrix contiguous_rows(const input_matrix& x) {
    return contiguous_along(x) == major::mn ? transposed(x) : x;
}

}  // namespace detail

/// The workload of a valid problem.
constexpr workload workload_of(const gemm_problem& problem) {
    const auto& [a, b, d, c, heads, ready] = problem;
    return {{i32(a.matrix.rows), i32(b.matrix.rows), i32(a.matrix.columns)},
            detail::info_of(a),
            detail::info_of(b),
            d.type,
            c.has_value(),
            c.has_value() && c->data == d.data,
            heads};
}

/// True if the problem has nothing to compute and nothing to write: D has no rows or no columns.
constexpr bool is_empty(const gemm_problem& problem) {
    return problem.a.matrix.rows == 0 || problem.b.matrix.rows == 0;
}

/// The arguments of a kernel for a valid problem. A stride that does not matter becomes one that tensor maps accept.
constexpr gemm_arguments arguments_of(const gemm_problem& problem) {
    const auto& [a, b, d, c, heads, ready] = problem;
    // Without K any kernel may be chosen: one for other types, scales and orders too.
    const bool multiplies = a.matrix.columns != 0;
    const auto pitch = [](const auto& matrix) {  // from one contiguous row to the next
        const i64 per_line = 16 / i64(size_of(matrix.type));
        return matrix.rows > 1 ? matrix.row_stride : align_up(max(matrix.columns, i64(1)), per_line);
    };
    const auto operand_pitch = [multiplies, pitch](const input_matrix& matrix) {
        return multiplies ? pitch(detail::contiguous_rows(matrix)) : align_up(matrix.rows, i64(16));
    };
    const auto stride_k = [multiplies](const scale_argument& scales, i64 mn) {
        const bool matters =
            multiplies && (contiguous_along(scales) == major::k || scales.tile.mn != 1 || scales.columns > 1);
        return matters ? scales.column_stride : align_up(mn, i64(4));
    };
    const auto operand = [&](const scaled_matrix& x, bool is_ready) -> operand_arguments {
        return {.data = x.matrix.data,
                .pitch = operand_pitch(x.matrix),
                .scales = {x.scales.data, x.scales.row_stride, stride_k(x.scales, x.matrix.rows)},
                .ready = is_ready};
    };
    gemm_arguments arguments{};
    arguments.shape = workload_of(problem).shape;
    arguments.a = operand(a, ready.a);
    arguments.b = operand(b, ready.b);
    arguments.d = {d.data, pitch(d)};
    if (c) arguments.c = {c->data, pitch(*c)};
    return arguments;
}

}  // namespace deepgemm
