// SPDX-License-Identifier: MIT
// The rules of a GEMM on Hopper that a caller can break: one check and one sentence each. FP8 operands have scales and are
// K-major; BF16 and FP16 ones have none and may be MN-major. Nothing is read from the memory the problem names. Strides,
// alignment and overlap of matrices are in validate_layout.hpp.
#pragma once

#include <cstdint>
#include <string>

#include <deepgemm/host/validate_layout.hpp>

namespace deepgemm {

/// Largest extent of a matrix: kernels round 32-bit extents up to tiles of clusters, which must not wrap around.
inline constexpr i64 max_extent = (i64(1) << 31) - 4096;

/// Success if an extent lies between `least` and max_extent, else bad_extent. `name` is what the sentence calls it: "M", say.
/// Every way into the library asks here (problems, workloads, casts, command lines), in 64 bits, so that no size wraps around.
inline result<void> check_extent(const char* name, i64 value, i64 least = 0) {
    if (value >= least && value <= max_extent) return {};
    return fail(errc::bad_extent, name, " is ", value, "; it must be from ", least, " to ", max_extent);
}

/// The same for M, N and K of a product, in this order.
inline result<void> check_extents(i64 m, i64 n, i64 k, i64 least = 0) {
    if (auto ok = check_extent("M", m, least); !ok) return ok;
    if (auto ok = check_extent("N", n, least); !ok) return ok;
    return check_extent("K", k, least);
}

namespace detail {

inline std::string text_of(const head_splits& heads) {
    return concat("(", heads.left, ", ", heads.middle, ", ", heads.right, ")");
}

/// Both extents of a matrix.
inline result<void> check_size(const char* name, i64 rows, i64 columns) {
    if (check_extent(name, rows) && check_extent(name, columns)) return {};
    return fail(errc::bad_extent, name, " is ", rows, " x ", columns, "; each size must be from 0 to ", max_extent);
}

inline result<void> check_types(const gemm_problem& problem) {
    const auto& [a, b, d, c, heads, ready] = problem;
    const dtype left = a.matrix.type, right = b.matrix.type;
    if (!is_fp8(left) && !is_half(left)) {
        return fail(errc::unsupported_type, "A is ", left, "; it must be e4m3, e5m2, bf16 or f16");
    }
    if (!is_fp8(right) && !is_half(right)) {
        return fail(errc::unsupported_type, "B is ", right, "; it must be e4m3, e5m2, bf16 or f16");
    }
    if (left != right && !(is_fp8(left) && is_fp8(right))) {
        return fail(errc::unsupported_type, "A is ", left, " and B is ", right,
                    "; both must be FP8 (e4m3 or e5m2), both bf16 or both f16");
    }
    const bool may_be_f16 = left == dtype::f16;
    if (d.type != dtype::bf16 && d.type != dtype::f32 && !(may_be_f16 && d.type == dtype::f16)) {
        return fail(errc::unsupported_type, "D is ", d.type, "; it must be ", may_be_f16 ? "f16, " : "", "bf16 or f32");
    }
    if (c && c->type != d.type) {
        return fail(errc::unsupported_type, "C is ", c->type, " and D is ", d.type, "; C must have D's type");
    }
    return {};
}

/// Columns of D, the holes of all heads among them.
constexpr i64 columns_of_d(i64 n, const head_splits& heads) {
    return heads.any() ? n + n / (i64(heads.left) + heads.right) * heads.middle : n;
}

/// Head splits and the sizes they need; widths are multiples of the 64 columns that one swizzled store covers.
inline result<void> check_heads(const workload& work) {
    const head_splits& heads = work.heads;
    const i64 n = work.shape.n, k = work.shape.k, kept = i64(heads.left) + heads.right;
    for (const int width : {heads.left, heads.middle, heads.right}) {
        if (width < 0 || width % 64 != 0) {
            return fail(errc::bad_heads, "head splits ", text_of(heads), " hold ", width,
                        "; each must be a multiple of 64, or 0");
        }
    }
    if (kept == 0) {
        return fail(errc::bad_heads, "head splits ", text_of(heads),
                    " leave nothing to write; left + right must be positive");
    }
    if (n == 0 || k == 0) {
        return fail(errc::bad_heads, "N is ", n, " and K is ", k, "; with head splits both must be positive");
    }
    if (n % kept != 0) {
        return fail(errc::bad_heads, "N is ", n, "; with head splits ", text_of(heads),
                    " it must be a multiple of left + right = ", kept);
    }
    if (!is_fp8(work.a.type)) {
        return fail(errc::bad_heads, "A and B are ", work.a.type, "; with head splits they must be FP8");
    }
    if (work.d != dtype::bf16) return fail(errc::bad_heads, "D is ", work.d, "; with head splits it must be bf16");
    if (work.accumulate) return fail(errc::bad_heads, "C is given; head splits do not add to D");
    return {};
}

inline result<void> check_shapes(const gemm_problem& problem) {
    const auto& [a, b, d, c, heads, ready] = problem;
    if (a.matrix.columns != b.matrix.columns) {
        return fail(errc::shape_mismatch, "A has ", a.matrix.columns, " columns and B has ", b.matrix.columns,
                    "; both must have K columns");
    }
    const i64 m = a.matrix.rows, n = b.matrix.rows;
    const i64 columns = columns_of_d(n, heads);
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

inline const char* words_of(scale_kind kind) {
    return kind == scale_kind::ue8m0 ? " words of four ue8m0" : " fp32 words";
}

/// Scales of A (M, K) or B (N, K), whose rows are called `rows_name`. B may have scales of blocks, A K-major ones of rows.
inline result<void> check_scales(const char* name, const char* rows_name, const scaled_matrix& operand, bool is_b) {
    const auto& [matrix, scales] = operand;
    const i64 mn = matrix.rows, k = matrix.columns;
    if (is_half(matrix.type)) {
        if (scales.kind == scale_kind::none && scales.data == nullptr) return {};
        return fail(errc::bad_scales, name, " is ", matrix.type,
                    " and has scales; only FP8 is scaled, others need scale_kind::none and no data");
    }
    const scale_tile per_token{1, 128}, per_block{128, 128};
    const bool is_per_block = is_b && scales.tile == per_block;
    if (scales.kind == scale_kind::none) {
        return fail(errc::bad_scales, name, " has no scales; an FP8 GEMM needs fp32 or ue8m0 scales");
    }
    if (scales.tile != per_token && !is_per_block) {
        return fail(errc::bad_scales, "a scale of ", name, " covers ", scales.tile.mn, " x ", scales.tile.k,
                    " elements; it must cover ", is_b ? "1 x 128 or 128 x 128" : "1 x 128", " (rows x K)");
    }
    const i64 rows = ceil_div(mn, i64(scales.tile.mn)), columns = ceil_div(k, k_per_word(scales.kind, scales.tile));
    if (scales.rows != rows || scales.columns != columns) {
        return fail(errc::bad_scales, "the scales of ", name, " are ", scales.rows, " x ", scales.columns, "; ",
                    rows_name, " = ", mn, " and K = ", k, " in tiles of ", scales.tile.mn, " x ", scales.tile.k,
                    " need ", rows, " x ", columns, words_of(scales.kind));
    }
    if (scales.data == nullptr)
        return fail(errc::null_pointer, "the scales of ", name, " have no data: their pointer is null");
    const bool k_major = !is_b && contiguous_along(scales) == major::k;
    const bool by_word = is_per_block || k_major;  // else by TMA
    const u32 alignment = by_word ? 4 : 16;
    const auto past = reinterpret_cast<std::uintptr_t>(scales.data) % alignment;
    if (past != 0) {
        return fail(errc::misaligned, "the scales of ", name, " start ", past, " bytes past a multiple of ", alignment,
                    "; ", by_word ? "they are 4-byte words" : "TMA needs 16-byte alignment");
    }
    if (is_per_block) {  // read word by word, so any layout will do
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

}  // namespace detail

/// Checks a problem against every rule. Sizes and types come first; a D without elements is then a success whatever else
/// the problem holds, and with K = 0 the operands and their scales are not looked at.
inline result<void> validate(const gemm_problem& problem) {
    const auto& [a, b, d, c, heads, ready] = problem;
    if (auto ok = detail::check_size("A", a.matrix.rows, a.matrix.columns); !ok) return ok;
    if (auto ok = detail::check_size("B", b.matrix.rows, b.matrix.columns); !ok) return ok;
    if (auto ok = detail::check_size("D", d.rows, d.columns); !ok) return ok;
    if (c) {
        if (auto ok = detail::check_size("C", c->rows, c->columns); !ok) return ok;
    }
    if (auto ok = detail::check_types(problem); !ok) return ok;
    if (heads.any()) {
        if (auto ok = detail::check_heads(workload_of(problem)); !ok) return ok;
    }
    if (auto ok = detail::check_shapes(problem); !ok) return ok;
    if (is_empty(problem)) return {};

    const bool multiplies = a.matrix.columns > 0;
    if (multiplies) {
        if (auto ok = detail::check_operand_layout("A", "M", a.matrix); !ok) return ok;
        if (auto ok = detail::check_operand_layout("B", "N", b.matrix); !ok) return ok;
    }
    if (auto ok = detail::check_layout("D", "N", d); !ok) return ok;
    if (c) {
        if (auto ok = detail::check_layout("C", "N", *c); !ok) return ok;
    }
    if (multiplies) {
        if (auto ok = detail::check_scales("A", "M", a, false); !ok) return ok;
        if (auto ok = detail::check_scales("B", "N", b, true); !ok) return ok;
    }
    return detail::check_aliasing(problem);  // last: strides and counts are known to be sane
}

/// Checks what a workload has of a problem: extents and head splits. Whether a kernel takes its types is for plan() to say.
inline result<void> validate(const workload& work) {
    const auto& [m, n, k] = work.shape;
    if (auto ok = check_extents(m, n, k); !ok) return ok;
    if (!work.heads.any()) return {};
    if (auto ok = detail::check_heads(work); !ok) return ok;
    return detail::check_size("D", m, detail::columns_of_d(n, work.heads));
}

}  // namespace deepgemm
