// SPDX-License-Identifier: MIT
// The rules of a scaled FP8 GEMM on Hopper that a caller can break: one check and one sentence each. Nothing is read from
// the memory the problem names. Alignments are those of TMA; see layout/tensor_map.cuh.
#pragma once

#include <cstdint>

#include <deepgemm/host/problem.hpp>

namespace deepgemm {

/// Largest extent of a matrix: kernels round 32-bit extents up to tiles of clusters, which must not wrap around.
inline constexpr i64 max_extent = (i64(1) << 31) - 4096;

namespace detail {

constexpr bool is_fp8(dtype type) { return type == dtype::e4m3 || type == dtype::e5m2; }

inline std::string text_of(const head_splits& heads) {
    return concat("(", heads.left, ", ", heads.middle, ", ", heads.right, ")");
}

inline result<void> check_extents(const char* name, const input_matrix& matrix) {
    for (const i64 size : {matrix.rows, matrix.columns}) {
        if (size < 0 || size > max_extent) {
            return fail(errc::bad_extent, name, " is ", matrix.rows, " x ", matrix.columns,
                        "; each size must be from 0 to ", max_extent);
        }
    }
    return {};
}

inline result<void> check_types(const gemm_problem& problem) {
    const auto& [a, b, d, c, heads] = problem;
    if (!is_fp8(a.matrix.type)) {
        return fail(errc::unsupported_type, "A is ", a.matrix.type, "; an FP8 GEMM takes e4m3 or e5m2");
    }
    if (!is_fp8(b.matrix.type)) {
        return fail(errc::unsupported_type, "B is ", b.matrix.type, "; an FP8 GEMM takes e4m3 or e5m2");
    }
    if (d.type != dtype::bf16 && d.type != dtype::f32) {
        return fail(errc::unsupported_type, "D is ", d.type, "; it must be bf16 or f32");
    }
    if (c && c->type != d.type) {
        return fail(errc::unsupported_type, "C is ", c->type, " and D is ", d.type, "; C must have D's type");
    }
    return {};
}

/// Head splits and the sizes they need; widths are multiples of the 64 columns that one swizzled store covers.
inline result<void> check_heads(const gemm_problem& problem) {
    const auto& [a, b, d, c, heads] = problem;
    const i64 n = b.matrix.rows, k = a.matrix.columns;
    for (const int width : {heads.left, heads.middle, heads.right}) {
        if (width < 0 || width % 64 != 0) {
            return fail(errc::bad_heads, "head splits ", text_of(heads), " hold ", width,
                        "; each must be a multiple of 64, or 0");
        }
    }
    if (heads.left + heads.right == 0) {
        return fail(errc::bad_heads, "head splits ", text_of(heads),
                    " leave nothing to write; left + right must be positive");
    }
    if (n == 0 || k == 0) {
        return fail(errc::bad_heads, "N is ", n, " and K is ", k, "; with head splits both must be positive");
    }
    if (n % (heads.left + heads.right) != 0) {
        return fail(errc::bad_heads, "N is ", n, "; with head splits ", text_of(heads),
                    " it must be a multiple of left + right = ", heads.left + heads.right);
    }
    if (d.type != dtype::bf16) return fail(errc::bad_heads, "D is ", d.type, "; with head splits it must be bf16");
    if (c) return fail(errc::bad_heads, "C is given; head splits do not add to D");
    return {};
}

inline result<void> check_shapes(const gemm_problem& problem) {
    const auto& [a, b, d, c, heads] = problem;
    if (a.matrix.columns != b.matrix.columns) {
        return fail(errc::shape_mismatch, "A has ", a.matrix.columns, " columns and B has ", b.matrix.columns,
                    "; both must have K columns");
    }
    const i64 m = a.matrix.rows, n = b.matrix.rows;
    const i64 columns = heads.any() ? n + n / (heads.left + heads.right) * heads.middle : n;
    if (d.rows != m || d.columns != columns) {
        return fail(errc::shape_mismatch, "D is ", d.rows, " x ", d.columns, "; A with ", m, " rows and B with ", n,
                    " rows", heads.any() ? concat(", with head splits ", text_of(heads), ",") : "", " need ", m, " x ",
                    columns);
    }
    if (c && (c->rows != d.rows || c->columns != d.columns)) {
        return fail(errc::shape_mismatch, "C is ", c->rows, " x ", c->columns, "; it must have D's shape, ", d.rows,
                    " x ", d.columns);
    }
    return {};
}

/// Layout of a matrix that has elements: contiguous rows that start at multiples of 16 bytes, as tensor maps need them.
inline result<void> check_layout(const char* name, const char* inner, const input_matrix& matrix) {
    const i64 size = size_of(matrix.type);
    if (matrix.data == nullptr) return fail(errc::null_pointer, name, " has no data: its pointer is null");
    if (matrix.columns > 1 && matrix.column_stride != 1) {
        return fail(errc::bad_layout, name, " has row stride ", matrix.row_stride, " and column stride ",
                    matrix.column_stride, "; on Hopper it must be contiguous along ", inner, " (column stride 1)");
    }
    if (matrix.rows > 1) {
        if (matrix.row_stride < matrix.columns) {
            return fail(errc::bad_layout, name, " has row stride ", matrix.row_stride, "; it must be at least its ",
                        matrix.columns, " columns");
        }
        if (matrix.row_stride * size % 16 != 0) {
            return fail(errc::misaligned, name, " has row stride ", matrix.row_stride,
                        "; TMA needs a multiple of 16 bytes, that is ", 16 / size, " elements of ", matrix.type);
        }
        if (matrix.row_stride >= (i64(1) << 40) / size) {
            return fail(errc::bad_layout, name, " has row stride ", matrix.row_stride,
                        "; TMA takes less than 2^40 bytes");
        }
    }
    const auto past = reinterpret_cast<std::uintptr_t>(matrix.data) % 16;
    if (past != 0) {
        return fail(errc::misaligned, name, " starts ", past,
                    " bytes past a multiple of 16; TMA needs 16-byte alignment");
    }
    return {};
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

inline result<void> check_aliasing(const gemm_problem& problem) {
    const auto& [a, b, d, c, heads] = problem;
    if (a.matrix.columns > 0) {
        if (may_overlap(a.matrix, d))
            return fail(errc::bad_alias, "D overlaps A in memory; the result would be undefined");
        if (may_overlap(b.matrix, d))
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

inline const char* words_of(scale_kind kind) {
    return kind == scale_kind::ue8m0 ? " words of four ue8m0" : " fp32 words";
}

/// Scales of an operand of `mn` rows (called M or N) and `k` columns.
inline result<void> check_scales(const char* name, const char* rows_name, const scale_argument& scales, i64 mn, i64 k,
                                 bool per_block_allowed) {
    const scale_tile per_token{1, 128}, per_block{128, 128};
    const bool is_per_block = per_block_allowed && scales.tile == per_block;
    if (scales.kind == scale_kind::none) {
        return fail(errc::bad_scales, name, " has no scales; an FP8 GEMM needs fp32 or ue8m0 scales");
    }
    if (scales.tile != per_token && !is_per_block) {
        return fail(errc::bad_scales, "a scale of ", name, " covers ", scales.tile.mn, " x ", scales.tile.k,
                    " elements; it must cover ", per_block_allowed ? "1 x 128 or 128 x 128" : "1 x 128", " (rows x K)");
    }
    const i64 rows = ceil_div(mn, i64(scales.tile.mn)), columns = ceil_div(k, k_per_word(scales.kind, scales.tile));
    if (scales.rows != rows || scales.columns != columns) {
        return fail(errc::bad_scales, "the scales of ", name, " are ", scales.rows, " x ", scales.columns, "; ",
                    rows_name, " = ", mn, " and K = ", k, " in tiles of ", scales.tile.mn, " x ", scales.tile.k,
                    " need ", rows, " x ", columns, words_of(scales.kind));
    }
    if (scales.data == nullptr)
        return fail(errc::null_pointer, "the scales of ", name, " have no data: their pointer is null");
    const u32 alignment = is_per_block ? 4 : 16;
    const auto past = reinterpret_cast<std::uintptr_t>(scales.data) % alignment;
    if (past != 0) {
        return fail(errc::misaligned, "the scales of ", name, " start ", past, " bytes past a multiple of ", alignment,
                    "; ", is_per_block ? "they are 4-byte words" : "TMA needs 16-byte alignment");
    }
    if (is_per_block) {  // read word by word, so any layout will do
        if (scales.row_stride < 0 || scales.column_stride < 0) {
            return fail(errc::bad_scales, "the scales of ", name, " have strides (", scales.row_stride, ", ",
                        scales.column_stride, "); they must not be negative");
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

}  // namespace detail

/// Checks a problem against every rule. Sizes and types come first; a D without elements is then a success whatever else
/// the problem holds, and with K = 0 the operands and their scales are not looked at.
inline result<void> validate(const gemm_problem& problem) {
    const auto& [a, b, d, c, heads] = problem;
    if (auto ok = detail::check_extents("A", a.matrix); !ok) return ok;
    if (auto ok = detail::check_extents("B", b.matrix); !ok) return ok;
    if (auto ok = detail::check_extents("D", d); !ok) return ok;
    if (c) {
        if (auto ok = detail::check_extents("C", *c); !ok) return ok;
    }
    if (auto ok = detail::check_types(problem); !ok) return ok;
    if (heads.any()) {
        if (auto ok = detail::check_heads(problem); !ok) return ok;
    }
    if (auto ok = detail::check_shapes(problem); !ok) return ok;
    if (is_empty(problem)) return {};

    const i64 m = a.matrix.rows, n = b.matrix.rows, k = a.matrix.columns;
    if (k > 0) {
        if (auto ok = detail::check_layout("A", "K", a.matrix); !ok) return ok;
        if (auto ok = detail::check_layout("B", "K", b.matrix); !ok) return ok;
    }
    if (auto ok = detail::check_layout("D", "N", d); !ok) return ok;
    if (c) {
        if (auto ok = detail::check_layout("C", "N", *c); !ok) return ok;
    }
    if (auto ok = detail::check_aliasing(problem); !ok) return ok;
    if (k > 0) {
        if (auto ok = detail::check_scales("A", "M", a.scales, m, k, false); !ok) return ok;
        if (auto ok = detail::check_scales("B", "N", b.scales, n, k, true); !ok) return ok;
    }
    return {};
}

}  // namespace deepgemm
