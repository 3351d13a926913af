// SPDX-License-Identifier: MIT
// The rules of a grouped GEMM that a caller can break: those for the product of one group, and those for stacks. Nothing is
// read from the memory that a problem names, not even the counts.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/ops/gemm/rules.hpp>
#include <deepgemm/ops/grouped_gemm/problem.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

namespace detail {

/// Checks the hint of a problem.
inline result<void> check_expected_rows(i64 rows) {
    if (rows >= 0) return {};
    return fail(errc::bad_option, "expected_rows is ", rows,
                "; it must be 0, which says nothing, or the rows that a group usually has");
}

}  // namespace detail

/// Checks the part of a problem that a workload holds: the number of groups, and the extents of one of them.
inline result<void> validate(const grouped_workload& work) {
    if (auto ok = check_extent("the number of groups", work.groups); !ok) return ok;
    if (auto ok = check_extent("expected_rows", work.expected_rows); !ok) return ok;
    if (auto ok = validate(work.one()); !ok) return ok;
    return detail::check_tiles(work.groups, "group", work.shape.m, work.shape.n, 8);
}

namespace detail {

/// Checks a problem against the rules of grouped GEMMs, but not those for memory. Sizes and types are checked first; if there
/// is nothing to compute, only these.
inline result<void> check_grouped(const grouped_problem& problem) {
    const auto& [a, b, d, counts, expected_rows, epilogue, ready] = problem;
    if (auto ok = check_extent("the number of groups", a.count); !ok) return ok;
    if (b.count != a.count || d.count != a.count) {
        return fail(errc::shape_mismatch, "A has ", a.count, " matrices, B ", b.count, " and D ", d.count,
                    "; each must have one for every group");
    }
    if (auto ok = check_expected_rows(expected_rows); !ok) return ok;
    const gemm_problem first = first_of(problem);
    if (auto ok = check_form(first); !ok || is_empty(workload_of(problem))) return ok;
    if (auto ok = check_tiles(a.count, "group", d.first.rows, b.first.matrix.rows, 8); !ok) return ok;
    if (auto ok = check_placement(first); !ok) return ok;
    if (auto ok = check_stack("D", d.first, d.count, d.matrix_stride); !ok) return ok;
    if (auto ok = check_scales_of_stack(epilogue, d.first.rows, d.first.columns, d.count); !ok) return ok;
    if (a.first.matrix.columns == 0) return {};
    return check_operand_stacks(a, b);
}

}  // namespace detail

/// The memory that a problem reads and writes. Without K, operands and their scales are not read.
inline auto memory_of(const grouped_problem& problem) {
    // This names every member, so a new member makes it fail to compile: add it to the list of what is read or written.
    const auto& [a, b, d, counts, expected_rows, epilogue, ready] = problem;
    memory_list<6 + detail::epilogue_memory> list;
    list.add(written(memory_of("D", d.first, d.count, d.matrix_stride)));
    list.add(list_memory("the counts", counts, a.count));
    detail::add_memory(list, epilogue, b.first.matrix.rows, d.first.rows, d.first.columns, b.count, d.count);
    if (a.first.matrix.columns == 0) return list;
    list.add(memory_of("A", a.first.matrix, a.count, a.matrix_stride));
    list.add(memory_of("B", b.first.matrix, b.count, b.matrix_stride));
    list.add(memory_of("the scales of A", a, detail::reads_a_scales_by_word(a)));
    list.add(memory_of("the scales of B", b, detail::reads_by_word(b.first.scales, true)));
    return list;
}

}  // namespace deepgemm
