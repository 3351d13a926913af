// SPDX-License-Identifier: MIT
// The rules for how the matrices of a GEMM lie in memory: strides, alignment, overlap. A part of validate.hpp, which tells
// when they apply. Alignments are those of TMA; see layout/tensor_map.cuh.
#pragma once

#include <cstdint>

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
        if (matrix.row_stride * size % 16 != 0) {
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

/// False only if no element of the two matrices, both contiguous along rows, can share a byte.
inline bool may_overlap(const input_matrix& x, const input_matrix& y) {
    struct span {
        i64 first, width, pitch, end;
    };
    const auto bytes = [](const input_matrix& m) {
        const i64 size = size_of(m.type), first = i64(reinterpret_cast<std::uintptr_t>(m.data));
        const i64 pitch = m.rows > 1 ? m.row_stride * size : 0;
        return span{first, m.columns * size, pitch, first + (m.rows - 1) * pitch + m.columns * size};
    };
    const span p = bytes(x), q = bytes(y);
    if (p.end <= q.first || q.end <= p.first) return false;
    if (p.pitch != q.pitch || p.pitch == 0) return true;
    // Rows of one pitch: side by side if, modulo the pitch, their columns are.
    const i64 offset = ((q.first - p.first) % p.pitch + p.pitch) % p.pitch;
    return offset < p.width || p.pitch - offset < q.width;
}

/// D apart from A and B, and apart from C or the same as C.
inline result<void> check_aliasing(const gemm_problem& problem) {
    const auto& [a, b, d, c, heads, ready] = problem;
    if (a.matrix.columns > 0) {
        if (may_overlap(contiguous_rows(a.matrix), d))
            return fail(errc::bad_alias, "D overlaps A in memory; the result would be undefined");
        if (may_overlap(contiguous_rows(b.matrix), d))
            return fail(errc::bad_alias, "D overlaps B in memory; the result would be undefined");
    }
    if (!c || !may_overlap(*c, d)) return {};
    if (c->data != d.data) {
        return fail(errc::bad_alias,
                    "C overlaps D in memory but starts elsewhere; C must be D itself or lie apart from it");
    }
    if (d.rows > 1 && c->row_stride != d.row_stride) {
        return fail(errc::bad_alias, "C is D's memory with row stride ", c->row_stride, " instead of ", d.row_stride,
                    "; C must be D itself or lie apart from it");
    }
    return {};
}

}  // namespace deepgemm::detail
