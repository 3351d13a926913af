// SPDX-License-Identifier: MIT
// The rules for how the matrices of a GEMM lie in memory: strides, alignment, overlap. A part of validate.hpp, which tells
// when they apply. Alignments are those of TMA; see layout/tensor_map.cuh.
#pragma once

#include <cstdint>

#include <deepgemm/host/overlap.hpp>
#include <deepgemm/host/problem.hpp>

namespace deepgemm::detail {

/// What the contiguous rows of a matrix are to its caller, who may have given it transposed.
struct row_words {
    const char *stride, *inner;  ///< the stride between them, the elements of one
};
inline constexpr row_words as_rows{"row stride", "columns"}, as_columns{"column stride", "rows"};

/// Memory of a matrix with contiguous rows and at least one element: they start at multiples of 16 bytes, as tensor maps need.
inline result<void> check_rows(const char* name, const input_matrix& matrix, const row_words& words) {
    const i64 size = size_of(matrix.type);
    if (matrix.data == nullptr) return fail(errc::null_pointer, name, " has no data: its pointer is null");
    if (matrix.rows > 1) {
        const auto bad_stride = [&](errc code, const auto&... allowed) {
            return fail(code, name, " has ", words.stride, " ", matrix.row_stride, "; ", allowed...);
        };
        if (matrix.row_stride < matrix.columns) {
            return bad_stride(errc::bad_layout, "it must be at least its ", matrix.columns, " ", words.inner);
        }
        if (matrix.row_stride % (16 / size) != 0) {
            return bad_stride(errc::misaligned, "TMA needs a multiple of 16 bytes, that is ", 16 / size,
                              " elements of ", matrix.type);
        }
        if (matrix.row_stride >= (i64(1) << 40) / size) {
            return bad_stride(errc::bad_layout, "TMA takes less than 2^40 bytes");
        }
    }
    const auto past = reinterpret_cast<std::uintptr_t>(matrix.data) % 16;
    if (past != 0) {
        return fail(errc::misaligned, name, " starts ", past,
                    " bytes past a multiple of 16; TMA needs 16-byte alignment");
    }
    return {};
}

/// Layout of a matrix that must have contiguous rows; `inner` is what runs along them.
inline result<void> check_layout(const char* name, const char* inner, const input_matrix& matrix) {
    if (matrix.columns > 1 && matrix.column_stride != 1) {
        return fail(errc::bad_layout, name, " has row stride ", matrix.row_stride, " and column stride ",
                    matrix.column_stride, "; on Hopper it must be contiguous along ", inner, " (column stride 1)");
    }
    return check_rows(name, matrix, as_rows);
}

/// Layout of an operand (M or N, K), whose rows are called `rows_name`: FP8 is contiguous along K, 16-bit types along either.
inline result<void> check_operand_layout(const char* name, const char* rows_name, const input_matrix& matrix) {
    if (!is_half(matrix.type)) return check_layout(name, "K", matrix);
    const bool strided = matrix.rows > 1 && matrix.columns > 1 && matrix.row_stride != 1 && matrix.column_stride != 1;
    if (strided) {
        return fail(errc::bad_layout, name, " has row stride ", matrix.row_stride, " and column stride ",
                    matrix.column_stride, "; one of them must be 1, so that it is contiguous along ", rows_name,
                    " or K");
    }
    const bool turned = contiguous_along(matrix) == major::mn;
    return check_rows(name, contiguous_rows(matrix), turned ? as_columns : as_rows);
}

/// The memory of a matrix: its elements, not the padding between its rows.
template <class Pointer>
memory_use memory_of(const char* name, const matrix_argument<Pointer>& matrix) {
    const wide size = size_of(matrix.type);
    return {name,
            matrix.data,
            size,
            {{{matrix.rows, matrix.row_stride * size}, {matrix.columns, matrix.column_stride * size}}}};
}

/// The memory of scales: all their words, whole ones.
inline memory_use memory_of(const char* name, const scale_argument& scales) {
    if (scales.kind == scale_kind::none) return {};
    return {name,
            scales.data,
            4,
            {{{scales.rows, wide(4) * scales.row_stride}, {scales.columns, wide(4) * scales.column_stride}}}};
}

/// C apart from D or the same as D.
inline result<void> check_c(const input_matrix& c, const output_matrix& d) {
    if (!overlap(memory_of("C", c), memory_of("D", d))) return {};
    if (c.data != d.data) {
        return fail(errc::bad_alias,
                    "C overlaps D in memory but starts elsewhere; C must be D itself or lie apart from it");
    }
    if (d.rows > 1 && c.row_stride != d.row_stride) {
        return fail(errc::bad_alias, "C is D's memory with row stride ", c.row_stride, " instead of ", d.row_stride,
                    "; C must be D itself or lie apart from it");
    }
    return {};
}

/// D apart from all that is read, but that C may be D itself. Inputs may share memory with each other.
inline result<void> check_aliasing(const gemm_problem& problem) {
    // Names every member: one that is added makes this line fail, and belongs into the list of what is read, or written.
    const auto& [a, b, d, c, heads, ready] = problem;
    if (c) {
        if (auto ok = check_c(*c, d); !ok) return ok;
    }
    if (a.matrix.columns == 0) return {};  // operands and their scales are not read
    return check_apart({memory_of("D", d)},
                       {memory_of("A", a.matrix), memory_of("B", b.matrix), memory_of("the scales of A", a.scales),
                        memory_of("the scales of B", b.scales)});
}

}  // namespace deepgemm::detail
