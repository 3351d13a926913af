// SPDX-License-Identifier: MIT
// The rules of a GEMM that a caller can break: one check and one sentence each. Operands of FP8 and FP4 have scales along K,
// for all of K, or none; BF16, FP16 and TF32 ones have none. Nothing is read from the memory that a problem names. Rules for
// one matrix or its scales are in host/matrix_rules.hpp, those of FP4 and of block scales in small_rules.hpp, those for
// memory in host/memory.hpp.
#pragma once

#include <string>
#include <utility>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/matrix_rules.hpp>
#include <deepgemm/ops/gemm/problem.hpp>
#include <deepgemm/ops/gemm/small_rules.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

namespace detail {

inline std::string text_of(const head_splits& heads) {
    return concat("(", heads.left, ", ", heads.middle, ", ", heads.right, ")");
}

/// The types that a named function takes its operands in, and a sentence that says so.
struct operand_types {
    bool (*allowed)(dtype);
    const char* rule;
};
inline constexpr operand_types fp8_operands{is_fp8, "an FP8 GEMM takes e4m3 or e5m2"};
inline constexpr operand_types small_operands{is_small, "an FP8 or FP4 GEMM takes e4m3, e5m2 or e2m1x2"};
inline constexpr operand_types bf16_operands{is_bf16, "a BF16 GEMM takes bf16"};
inline constexpr operand_types f16_operands{is_f16, "an FP16 GEMM takes f16"};
inline constexpr operand_types tf32_operands{is_tf32, "a TF32 GEMM takes tf32"};

/// Checks that a named function takes operands of these types.
inline result<void> check_types(const operand_types& types, const scaled_matrix& a, const scaled_matrix& b) {
    for (const auto& [name, type] : {std::pair{"A", a.matrix.type}, {"B", b.matrix.type}}) {
        if (!types.allowed(type)) return fail(errc::unsupported_type, name, " is ", type, "; ", types.rule);
    }
    return {};
}

inline result<void> check_types(const gemm_problem& problem) {
    const auto& [a, b, d, c, heads, epilogue, ready, promoted] = problem;
    const dtype left = a.matrix.type, right = b.matrix.type;
    for (const auto& [name, type] : {std::pair{"A", left}, {"B", right}}) {
        if (!is_small(type) && !is_half(type) && !is_tf32(type))
            return fail(errc::unsupported_type, name, " is ", type,
                        "; it must be e4m3, e5m2, e2m1x2, bf16, f16 or tf32");
    }
    if (left != right && !(is_small(left) && is_small(right))) {
        return fail(errc::unsupported_type, "A is ", left, " and B is ", right,
                    "; both must be FP8 or FP4 (e4m3, e5m2, e2m1x2), or both of one other type");
    }
    const bool may_be_f16 = left == dtype::f16;
    if (!epilogue.cast && d.type != dtype::bf16 && d.type != dtype::f32 && !(may_be_f16 && d.type == dtype::f16)) {
        return fail(errc::unsupported_type, "D is ", d.type, "; it must be ", may_be_f16 ? "f16, " : "", "bf16 or f32");
    }
    if (promoted && !(is_fp8(left) && is_fp8(right))) {
        return fail(errc::bad_option, "the sums are to be promoted, and A and B are ", left,
                    left == right ? "" : concat(" and ", right),
                    "; only those of FP8 need it, and others must leave it off");
    }
    if (c && c->type != d.type) {
        return fail(errc::unsupported_type, "C is ", c->type, " and D is ", d.type, "; C must have D's type");
    }
    return {};
}

/// Columns of D: those that the epilogue leaves, and the gaps of all heads.
constexpr i64 columns_of_d(i64 n, const head_splits& heads, const epilogue_info& epilogue = {}) {
    return heads.any() ? n + n / (i64(heads.left) + heads.right) * heads.middle : epilogue.columns_after(n);
}

/// Checks head splits and the sizes that they need. Widths are multiples of the 64 columns that one swizzled store covers.
inline result<void> check_heads(const gemm_workload& work) {
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
    if (work.epilogue.any())
        return fail(errc::bad_heads, "an epilogue is given; with head splits D is the product alone");
    return {};
}

inline result<void> check_shapes(const gemm_problem& problem) {
    const auto& [a, b, d, c, heads, epilogue, ready, promoted] = problem;
    if (auto ok = check_same_k(a.matrix, b.matrix); !ok) return ok;
    const i64 m = a.matrix.rows, n = b.matrix.rows;
    const i64 columns = columns_of_d(n, heads, epilogue.info());
    if (d.rows != m || d.columns != columns) {
        return fail(errc::shape_mismatch, "D is ", d.rows, " x ", d.columns, "; A with ", m, " rows and B with ", n,
                    " rows",
                    heads.any() ? concat(", with head splits ", text_of(heads), ",")
                    : epilogue.activation == activation_kind::swiglu ? ", with swiglu,"
                                                                     : "",
                    " need ", m, " x ", columns);
    }
    if (c && (c->rows != d.rows || c->columns != d.columns)) {
        return fail(errc::shape_mismatch, "C is ", c->rows, " x ", c->columns, "; it must have D's shape, ", d.rows,
                    " x ", d.columns);
    }
    return {};
}

/// Checks the extents of a GEMM's matrices, and its types.
inline result<void> check_sizes_and_types(const gemm_problem& problem) {
    const auto& [a, b, d, c, heads, epilogue, ready, promoted] = problem;
    if (auto ok = check_size("A", a.matrix.rows, a.matrix.columns); !ok) return ok;
    if (auto ok = check_size("B", b.matrix.rows, b.matrix.columns); !ok) return ok;
    if (auto ok = check_size("D", d.rows, d.columns); !ok) return ok;
    if (c) {
        if (auto ok = check_size("C", c->rows, c->columns); !ok) return ok;
    }
    return check_types(problem);
}

/// Checks the sizes, types and shapes of a GEMM.
inline result<void> check_form(const gemm_problem& problem) {
    const auto& [a, b, d, c, heads, epilogue, ready, promoted] = problem;
    if (auto ok = check_sizes_and_types(problem); !ok) return ok;
    if (heads.any()) {
        if (auto ok = check_heads(workload_of(problem)); !ok) return ok;
    }
    if (auto ok = check_epilogue(epilogue.info(), d.type, b.matrix.rows, c.has_value()); !ok) return ok;
    return check_shapes(problem);
}

/// Checks the scales of both operands: along K, both of them, or for all of it.
inline result<void> check_all_scales(const scaled_matrix& a, const scaled_matrix& b) {
    const bool a_at_end = scaled_at_end(a), b_at_end = scaled_at_end(b);
    if (a_at_end && b_at_end) {
        if (auto ok = check_end_scales("A", "M", a); !ok) return ok;
        return check_end_scales("B", "N", b);
    }
    if (a_at_end || b_at_end) {
        const auto& [mn, k] = (a_at_end ? b : a).scales.tile;
        return fail(errc::bad_scales, a_at_end ? "A" : "B",
                    " has scales that hold for all of K, or none, and a scale of ", a_at_end ? "B" : "A", " covers ",
                    mn, " x ", k, " elements; both operands must be scaled along K, or neither");
    }
    const auto check = [](const char* name, const char* rows_name, const scaled_matrix& x, bool is_b) {
        return has_block_scales(x, is_b) ? check_block_scales(name, rows_name, x)
                                         : check_scales(name, rows_name, x, is_b);
    };
    if (auto ok = check("A", "M", a, false); !ok) return ok;
    return check("B", "N", b, true);
}

/// Checks how the matrices of a GEMM lie in memory, if D has elements. With K = 0 the operands are not checked.
inline result<void> check_matrices(const gemm_problem& problem) {
    const auto& [a, b, d, c, heads, epilogue, ready, promoted] = problem;
    const bool multiplies = a.matrix.columns > 0;
    if (multiplies) {
        if (auto ok = check_operand_layout("A", "M", a.matrix); !ok) return ok;
        if (auto ok = check_operand_layout("B", "N", b.matrix); !ok) return ok;
    }
    if (auto ok = check_layout("D", "N", d); !ok) return ok;
    if (c) {
        if (auto ok = check_layout("C", "N", *c); !ok) return ok;
    }
    return check_values(epilogue, d.rows, d.columns);
}

/// The same of its scales, too. `at_end` says that they may hold for all of K, or that there may be none.
inline result<void> check_placement(const gemm_problem& problem, bool at_end = false) {
    if (auto ok = check_matrices(problem); !ok || problem.a.matrix.columns == 0) return ok;
    const scaled_matrix &a = problem.a, &b = problem.b;
    if (at_end) {
        if (auto ok = check_all_scales(a, b); !ok) return ok;
        return check_small_operands(a, b);
    }
    if (auto ok = check_scales("A", "M", a, false); !ok) return ok;
    return check_scales("B", "N", b, true);
}

/// Checks a problem against the rules of GEMMs, but not those for memory. Sizes and types are checked first. If D then has no
/// elements, that is a success whatever else the problem holds.
inline result<void> check_gemm(const gemm_problem& problem) {
    if (auto ok = check_form(problem); !ok || is_empty(problem)) return ok;
    if (auto ok = check_tiles(1, "product", problem.a.matrix.rows, problem.b.matrix.rows); !ok) return ok;
    return check_placement(problem, true);
}

}  // namespace detail

/// Checks the part of a problem that a workload holds: extents, epilogue and head splits. Whether a kernel takes its types is
/// checked by plan().
inline result<void> validate(const gemm_workload& work) {
    const auto& [m, n, k] = work.shape;
    if (auto ok = check_extents(m, n, k); !ok) return ok;
    if (auto ok = detail::check_tiles(1, "product", m, n); !ok) return ok;
    if (auto ok = detail::check_epilogue(work.epilogue, work.d, n, work.accumulate); !ok) return ok;
    if (!work.heads.any()) return {};
    if (auto ok = detail::check_heads(work); !ok) return ok;
    return detail::check_size("D", m, detail::columns_of_d(n, work.heads));
}

/// The memory that a problem reads and writes. Without K, operands and their scales are not read.
inline auto memory_of(const gemm_problem& problem) {
    // This names every member, so a new member makes it fail to compile: add it to the list of what is read or written.
    const auto& [a, b, d, c, heads, epilogue, ready, promoted] = problem;
    memory_list<6 + detail::epilogue_memory> list;
    list.add(written(memory_of("D", d)));
    if (c) list.add(updated(memory_of("C", *c)));
    detail::add_memory(list, epilogue, b.matrix.rows, d.rows, d.columns, 1, 1);
    if (a.matrix.columns == 0) return list;
    list.add(memory_of("A", a.matrix));
    list.add(memory_of("B", b.matrix));
    list.add(memory_of("the scales of A", a.scales, detail::reads_by_word(a.scales, false)));
    list.add(memory_of("the scales of B", b.scales, detail::reads_by_word(b.scales, true)));
    return list;
}

/// Checks a problem against every rule: those of GEMMs, then those for memory.
inline result<void> validate(const gemm_problem& problem) {
    if (auto ok = detail::check_gemm(problem); !ok || is_empty(problem)) return ok;
    return check_memory(memory_of(problem));
}

}  // namespace deepgemm
