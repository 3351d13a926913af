// SPDX-License-Identifier: MIT
// The rules for one matrix in memory and for its scales, as kernels on Hopper need them: strides, shapes, types. Operations
// decide when they apply. Pitches are those of TMA; see layout/tensor_map.cuh.
#pragma once

#include <string>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/extents.hpp>
#include <deepgemm/host/matrix.hpp>
#include <deepgemm/host/memory.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

namespace detail {

/// What a caller calls the contiguous rows of a matrix, which may have been given transposed.
struct row_words {
    const char *stride, *inner;  ///< the stride between them, the elements of one
};
inline constexpr row_words as_rows{"row stride", "columns"}, as_columns{"column stride", "rows"};

/// Checks that the contiguous rows of a matrix lie apart.
inline result<void> check_row_stride(const char* name, const input_matrix& matrix, const row_words& words) {
    if (matrix.rows < 2 || matrix.row_stride >= matrix.columns) return {};
    return fail(errc::bad_layout, name, " has ", words.stride, " ", matrix.row_stride, "; it must be at least its ",
                matrix.columns, " ", words.inner);
}

/// Checks the pitch of a matrix with contiguous rows: every row must start at a multiple of 16 bytes, as tensor maps need, if
/// the first one does.
inline result<void> check_rows(const char* name, const input_matrix& matrix, const row_words& words) {
    const i64 bits = bits_of(matrix.type), unit = 128 / bits;  // elements in 16 bytes
    if (auto ok = check_row_stride(name, matrix, words); !ok) return ok;
    if (matrix.rows > 1) {
        const auto bad_stride = [&](errc code, const auto&... allowed) {
            return fail(code, name, " has ", words.stride, " ", matrix.row_stride, "; ", allowed...);
        };
        if (matrix.row_stride % unit != 0) {
            return bad_stride(errc::misaligned, "TMA needs a multiple of 16 bytes, that is ", unit, " elements of ",
                              matrix.type);
        }
        if (matrix.row_stride >= (i64(1) << 40) / bits * 8) {
            return bad_stride(errc::bad_layout, "TMA takes less than 2^40 bytes");
        }
    }
    return {};
}

/// Checks that the rows of a matrix are contiguous; `inner` names the dimension along them.
inline result<void> check_contiguous(const char* name, const char* inner, const input_matrix& matrix) {
    if (matrix.columns <= 1 || matrix.column_stride == 1) return {};
    return fail(errc::bad_layout, name, " has row stride ", matrix.row_stride, " and column stride ",
                matrix.column_stride, "; on Hopper it must be contiguous along ", inner, " (column stride 1)");
}

/// Checks the layout of a matrix that must have contiguous rows and that TMA reads or writes.
inline result<void> check_layout(const char* name, const char* inner, const input_matrix& matrix) {
    if (auto ok = check_contiguous(name, inner, matrix); !ok) return ok;
    return check_rows(name, matrix, as_rows);
}
/// The same for a matrix that threads write, element by element.
inline result<void> check_written_layout(const char* name, const char* inner, const input_matrix& matrix) {
    if (auto ok = check_contiguous(name, inner, matrix); !ok) return ok;
    return check_row_stride(name, matrix, as_rows);
}

/// Checks that both operands of a product have K columns.
inline result<void> check_same_k(const input_matrix& a, const input_matrix& b) {
    if (a.columns == b.columns) return {};
    return fail(errc::shape_mismatch, "A has ", a.columns, " columns and B has ", b.columns,
                "; both must have K columns");
}

/// Checks the layout of an operand (M or N, K), contiguous along either dimension; `rows_name` is M or N. Whether there is a
/// kernel for FP8 that does not lie along K is not said here.
inline result<void> check_operand_layout(const char* name, const char* rows_name, const input_matrix& matrix) {
    const bool strided = matrix.rows > 1 && matrix.columns > 1 && matrix.row_stride != 1 && matrix.column_stride != 1;
    if (strided) {
        return fail(errc::bad_layout, name, " has row stride ", matrix.row_stride, " and column stride ",
                    matrix.column_stride, "; one of them must be 1, so that it is contiguous along ", rows_name,
                    " or K");
    }
    const bool turned = contiguous_along(matrix) == major::mn;
    return check_rows(name, contiguous_rows(matrix), turned ? as_columns : as_rows);
}

inline const char* words_of(scale_kind kind) {
    return kind == scale_kind::ue8m0   ? " words of four ue8m0"
           : kind == scale_kind::ue4m3 ? " words of four ue4m3"
                                       : " fp32 words";
}

/// True if kernels read scales word by word, false if TMA loads them. They read those of blocks (only B has them), K-major ones
/// (only A has them) and those that hold for all of K word by word.
inline bool reads_by_word(const scale_argument& scales, bool is_b) {
    if (scales.tile.all_of_k() || scales.tile.mn > 1) return true;
    return is_b ? scales.tile == scale_tile{128, 128} : contiguous_along(scales) == major::k;
}

/// True for an operand of FP8 or FP4 whose scales hold for all of K, or that has none.
inline bool scaled_at_end(const scaled_matrix& x) {
    return is_small(x.matrix.type) && (x.scales.kind == scale_kind::none || x.scales.tile.all_of_k());
}

/// Checks scales that hold for all of K, or that there are none; `rows_name` is M or N.
inline result<void> check_end_scales(const char* name, const char* rows_name, const scaled_matrix& operand) {
    const scale_argument& scales = operand.scales;
    const auto& [mn, k] = scales.tile;
    if (scales.kind == scale_kind::none) {
        if (scales.data == nullptr) return {};
        return fail(errc::bad_scales, name,
                    " has data of scales of kind none; the kind must be fp32, or the data null");
    }
    if (scales.kind != scale_kind::fp32) {
        return fail(errc::bad_scales, "a scale of ", name, " covers all of K and is ",
                    scales.kind == scale_kind::ue8m0   ? "ue8m0"
                    : scales.kind == scale_kind::ue4m3 ? "ue4m3"
                                                       : "custom",
                    "; it must be fp32");
    }
    if (mn != 1 && mn != scale_tile::all) {
        return fail(errc::bad_scales, "a scale of ", name, " covers ", mn,
                    " rows and all of K; it must cover one row, or all of them");
    }
    const i64 rows = scales_along(operand.matrix.rows, mn);
    if (scales.rows != rows || scales.columns != 1) {
        return fail(errc::bad_scales, "the scales of ", name, " are ", scales.rows, " x ", scales.columns, "; ",
                    rows_name, " = ", operand.matrix.rows, ", with one for ", mn == 1 ? "each row" : "all rows",
                    ", needs ", rows, " x 1 fp32 words");
    }
    if (rows > 1 && (scales.row_stride < 0 || scales.row_stride >= i64(1) << 38)) {
        return fail(errc::bad_scales, "the scales of ", name, " have row stride ", scales.row_stride,
                    "; it must be from 0 to below 2^38 words");
    }
    return {};
}

/// Checks the number and the layout of words of scales along K, whose tile is known to be right. Those of blocks are read one
/// by one; others are MN-major, or, if that is allowed, K-major.
inline result<void> check_scale_words(const char* name, const char* rows_name, const scaled_matrix& operand,
                                      bool of_blocks, bool may_lie_along_k) {
    const scale_argument& scales = operand.scales;
    const i64 mn = operand.matrix.rows, k = operand.matrix.columns;
    const i64 rows = ceil_div(mn, i64(scales.tile.mn)), columns = ceil_div(k, k_per_word(scales.kind, scales.tile));
    if (scales.rows != rows || scales.columns != columns) {
        return fail(errc::bad_scales, "the scales of ", name, " are ", scales.rows, " x ", scales.columns, "; ",
                    rows_name, " = ", mn, " and K = ", k, " in tiles of ", scales.tile.mn, " x ", scales.tile.k,
                    " need ", rows, " x ", columns, words_of(scales.kind));
    }
    const bool k_major = may_lie_along_k && contiguous_along(scales) == major::k;
    if (of_blocks) {  // read word by word, so any layout is fine
        if (scales.row_stride < 0 || scales.column_stride < 0) {
            return fail(errc::bad_scales, "the scales of ", name, " have strides (", scales.row_stride, ", ",
                        scales.column_stride, "); they must not be negative");
        }
        return {};
    }
    if (k_major) {
        if (columns > 1 && scales.column_stride != 1) {
            return fail(errc::bad_scales, "the scales of ", name, " have row stride ", scales.row_stride,
                        " and column stride ", scales.column_stride, "; one of them must be 1");
        }
        if (rows > 1 && scales.row_stride < columns) {
            return fail(errc::bad_scales, "the scales of ", name, " have row stride ", scales.row_stride,
                        "; it must be at least their ", columns, " columns");
        }
        return {};
    }
    if (rows > 1 && scales.row_stride != 1) {
        return fail(errc::bad_scales, "the scales of ", name, " have row stride ", scales.row_stride,
                    "; per-token scales must be MN-major, contiguous along ", rows_name, " (row stride 1)");
    }
    if (columns > 1 &&
        (scales.column_stride % 4 != 0 || scales.column_stride < rows || scales.column_stride >= i64(1) << 38)) {
        return fail(errc::bad_scales, "the scales of ", name, " have column stride ", scales.column_stride,
                    "; TMA needs a multiple of 4 words, at least ", rows_name, ": ", align_up(rows, i64(4)), ", say");
    }
    return {};
}

/// Checks the scales of A (M, K) or B (N, K); `rows_name` is M or N. Only B may have scales of blocks, only A K-major ones of
/// rows.
inline result<void> check_scales(const char* name, const char* rows_name, const scaled_matrix& operand, bool is_b) {
    const auto& [matrix, scales] = operand;
    if (!is_small(matrix.type)) {
        if (scales.kind == scale_kind::none && scales.data == nullptr) return {};
        return fail(errc::bad_scales, name, " is ", matrix.type,
                    " and has scales; only FP8 and FP4 are scaled, others need scale_kind::none and no data");
    }
    const scale_tile per_token{1, 128}, per_block{128, 128};
    const bool is_per_block = is_b && scales.tile == per_block;
    if (scales.kind == scale_kind::none) {
        return fail(errc::bad_scales, name, " has no scales; an FP8 GEMM needs fp32 or ue8m0 scales");
    }
    if (scales.tile != per_token && !is_per_block) {
        const auto number = [](int of) { return of == scale_tile::all ? std::string("all") : std::to_string(of); };
        return fail(errc::bad_scales, "a scale of ", name, " covers ", number(scales.tile.mn), " x ",
                    number(scales.tile.k), " elements; it must cover ", is_b ? "1 x 128 or 128 x 128" : "1 x 128",
                    " (rows x K)");
    }
    return check_scale_words(name, rows_name, operand, is_per_block, !is_b);
}

}  // namespace detail

/// The memory of a matrix that TMA reads: its elements, without the padding between its rows.
template <class Pointer>
memory_use memory_of(const char* name, const matrix_argument<Pointer>& matrix) {
    const detail::wide size = size_of(matrix.type);
    if (detail::is_fp4(matrix.type)) {  // bytes hold two elements along the dimension on which the matrix is contiguous
        const bool turned = contiguous_along(input_matrix(matrix)) == major::mn;
        const detail::wide lines = turned ? matrix.columns : matrix.rows,
                           length = turned ? matrix.rows : matrix.columns;
        const detail::wide stride = turned ? matrix.column_stride : matrix.row_stride;
        return {.name = name,
                .data = matrix.data,
                .width = 1,
                .steps = {{{lines, stride / 2}, {(length + 1) / 2, 1}}},
                .alignment = 16,
                .aligned_for = "TMA needs 16-byte alignment"};
    }
    return {.name = name,
            .data = matrix.data,
            .width = size,
            .steps = {{{matrix.rows, matrix.row_stride * size}, {matrix.columns, matrix.column_stride * size}}},
            .alignment = 16,
            .aligned_for = "TMA needs 16-byte alignment"};
}

/// The memory of scales: all their words. `by_word` if kernels read them one by one, else TMA does.
inline memory_use memory_of(const char* name, const scale_argument& scales, bool by_word) {
    using detail::wide;
    if (scales.kind == scale_kind::none) return {};
    return {.name = name,
            .data = scales.data,
            .width = 4,
            .steps = {{{scales.rows, wide(4) * scales.row_stride}, {scales.columns, wide(4) * scales.column_stride}}},
            .alignment = by_word ? 4u : 16u,
            .aligned_for = by_word ? "they are 4-byte words" : "TMA needs 16-byte alignment",
            .many = true};
}

/// The same memory, written instead of read.
inline memory_use written(memory_use use) {
    use.how = memory_access::writes;
    return use;
}

/// The same memory, as an input that is either one of the outputs or apart from all of them.
inline memory_use updated(memory_use use) {
    use.how = memory_access::reads_or_updates;
    return use;
}

}  // namespace deepgemm
