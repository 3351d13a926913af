// SPDX-License-Identifier: MIT
// The rules of a contiguous grouped GEMM that a caller can break: those for the product of A with one matrix of B, those for
// stacks, and those for the list of groups. Nothing is read from the memory that a problem names, not even the list.
#pragma once

#include <array>

#include <deepgemm/ops/contiguous_gemm/problem.hpp>
#include <deepgemm/ops/gemm/rules.hpp>
#include <deepgemm/ops/grouped_gemm/rules.hpp>

namespace deepgemm {

namespace detail {

/// Checks that the tiles of all groups can be counted: kernels and planner count them in 31 bits. No kernel has tiles of fewer
/// than 64 rows or 8 columns; every group may add one whose rows end early, and one of zeros.
inline result<void> check_contiguous_tiles(i64 groups, i64 m, i64 n) {
    constexpr i64 rows = 64, columns = 8, most = 2147483647;
    const double tiles = (double(ceil_div(m, rows)) + 2 * double(groups)) * double(ceil_div(n, columns));
    if (tiles <= double(most)) return {};
    return fail(errc::bad_extent, m, " rows in ", groups, " groups and ", n, " columns may have more than ", most,
                " tiles of ", rows, " x ", columns, "; tiles are counted in 31 bits");
}

/// Checks how groups are given.
inline result<void> check_grouping(grouping by) {
    if (by == grouping::psum || by == grouping::indexed) return {};
    return fail(errc::bad_option, "the groups are given by number ", int(by),
                " of grouping; it must be psum, the end of each group, or indexed, the group of each row");
}

/// Checks the list of groups, but not its memory.
inline result<void> check_list(const group_list& groups) {
    constexpr i64 most = 4096;  // so that rounding a row up to a multiple does not leave 31 bits
    if (auto ok = check_grouping(groups.by); !ok) return ok;
    if (groups.alignment < 1 || groups.alignment > most) {
        return fail(errc::bad_option, "the alignment of groups is ", groups.alignment, "; it must be from 1 to ", most,
                    " rows");
    }
    return check_expected_rows(groups.expected_rows);
}

}  // namespace detail

/// Checks the part of a problem that a workload holds: the number of groups, how they are given, and the extents.
inline result<void> validate(const contiguous_workload& work) {
    if (auto ok = detail::check_grouping(work.by); !ok) return ok;
    if (auto ok = check_extent("the number of groups", work.groups); !ok) return ok;
    if (auto ok = check_extent("expected_rows", work.expected_rows); !ok) return ok;
    if (auto ok = validate(work.one()); !ok) return ok;
    return detail::check_contiguous_tiles(work.groups, work.shape.m, work.shape.n);
}

namespace detail {

/// Checks a problem against the rules of contiguous grouped GEMMs, but not those for memory. Sizes and types are checked first;
/// if there is nothing to compute, only these and the options.
inline result<void> check_contiguous(const contiguous_problem& problem) {
    const auto& [a, b, d, groups, ready] = problem;
    if (auto ok = check_extent("the number of groups", b.count); !ok) return ok;
    if (auto ok = check_list(groups); !ok) return ok;
    const gemm_problem first = first_of(problem);
    if (auto ok = check_form(first); !ok || is_empty(workload_of(problem))) return ok;
    if (auto ok = check_contiguous_tiles(b.count, d.rows, d.columns); !ok) return ok;
    if (auto ok = check_placement(first); !ok) return ok;
    if (a.matrix.columns == 0) return {};
    if (auto ok = check_stack("B", b.first.matrix, b.count, b.matrix_stride); !ok) return ok;
    return check_scale_stack("B", b, true);
}

}  // namespace detail

/// The memory that a problem reads and writes. Without K, operands and their scales are not read.
inline std::array<memory_use, 6> memory_of(const contiguous_problem& problem) {
    // This names every member, so a new member makes it fail to compile: add it to the list of what is read or written.
    const auto& [a, b, d, groups, ready] = problem;
    const bool ends = groups.by == grouping::psum;
    std::array<memory_use, 6> uses{written(memory_of("D", d))};
    uses[1] = ends ? list_memory("the ends of groups", groups.data, b.count)
                   : list_memory("the groups of rows", groups.data, d.rows);
    if (a.matrix.columns == 0) return uses;
    uses[2] = memory_of("A", a.matrix);
    uses[3] = memory_of("B", b.first.matrix, b.count, b.matrix_stride);
    uses[4] = memory_of("the scales of A", a.scales, detail::reads_by_word(a.scales, false));
    uses[5] = memory_of("the scales of B", b, detail::reads_by_word(b.first.scales, true));
    return uses;
}

}  // namespace deepgemm
