// SPDX-License-Identifier: MIT
// The rules of a contiguous grouped GEMM that a caller can break: those for the product of A with one matrix of B, those for
// stacks, and those for the list of groups. Nothing is read from the memory that a problem names, not even the list.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/ops/contiguous_gemm/problem.hpp>
#include <deepgemm/ops/gemm/rules.hpp>
#include <deepgemm/ops/grouped_gemm/rules.hpp>

DEEPGEMM_LIBRARY_HEADER

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

/// Checks the lists of rows, but not their memory, for a product of `m` rows.
inline result<void> check_row_lists(const contiguous_problem& problem, i64 m) {
    const auto& [a, b, d, groups, epilogue, ready, a_rows, d_rows] = problem;
    if (a_rows.any()) {
        if (contiguous_along(a.matrix) != major::k && a.matrix.columns > 1) {
            return fail(errc::bad_layout, "A is contiguous along M; gathered rows must be contiguous along K");
        }
        if (!d_rows.any() && d.rows != m) {
            return fail(errc::shape_mismatch, "D has ", d.rows, " rows and the list of rows of A has ", m,
                        " entries; there must be one for each row of D");
        }
        if (a.matrix.rows == 0 && m > 0 && a.matrix.columns > 0) {
            return fail(errc::bad_extent, "A has no rows, and the list of rows of A has ", m,
                        " entries; each must name one");
        }
    }
    if (!d_rows.any()) return {};
    if (d_rows.count != m) {
        return fail(errc::shape_mismatch, "the product has ", m, " rows and the list of rows of D has ", d_rows.count,
                    " entries; there must be one for each row");
    }
    if (groups.zero_padding) {
        return fail(errc::bad_option,
                    "zero_padding is set; rows between groups have no place in a D whose rows are scattered");
    }
    if (epilogue.info().rounds()) {
        return fail(errc::bad_option, "rows of D are scattered; a D in FP8 or rounded at random is stored in order");
    }
    if (a.matrix.columns == 0) {
        return fail(errc::bad_extent, "K is 0; if rows of D are scattered it must be positive");
    }
    return {};
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
    const auto& [a, b, d, groups, epilogue, ready, a_rows, d_rows] = problem;
    const gemm_problem stored = stored_of(problem), first = first_of(problem);
    const i64 m = first.a.matrix.rows;
    if (auto ok = check_extent("the number of groups", b.count); !ok) return ok;
    if (auto ok = check_list(groups); !ok) return ok;
    if (auto ok = check_extent("the length of the list of rows of A", a_rows.count); !ok) return ok;
    if (auto ok = check_sizes_and_types(stored); !ok) return ok;
    if (auto ok = check_row_lists(problem, m); !ok) return ok;
    if (auto ok = check_form(first); !ok || is_empty(workload_of(problem))) return ok;
    if (auto ok = check_contiguous_tiles(b.count, m, b.first.matrix.rows); !ok) return ok;
    if (auto ok = check_placement(stored); !ok) return ok;
    if (a.matrix.columns == 0) return {};
    if (auto ok = check_stack("B", b.first.matrix, b.count, b.matrix_stride); !ok) return ok;
    return check_scale_stack("B", b, true);
}

}  // namespace detail

/// The memory that a problem reads and writes. Without K, operands and their scales are not read.
inline auto memory_of(const contiguous_problem& problem) {
    // This names every member, so a new member makes it fail to compile: add it to the list of what is read or written.
    const auto& [a, b, d, groups, epilogue, ready, a_rows, d_rows] = problem;
    const bool ends = groups.by == grouping::psum;
    const i64 m = detail::first_of(problem).a.matrix.rows;
    memory_list<8 + detail::epilogue_memory> list;
    list.add(written(memory_of("D", d)));
    list.add(ends ? list_memory("the ends of groups", groups.data, b.count)
                  : list_memory("the groups of rows", groups.data, m));
    detail::add_memory(list, epilogue, b.first.matrix.rows, m, d.columns, b.count, 1);
    if (a.matrix.columns == 0) return list;
    list.add(memory_of("A", a.matrix));
    list.add(memory_of("B", b.first.matrix, b.count, b.matrix_stride));
    list.add(memory_of("the scales of A", a.scales, detail::reads_by_word(a.scales, false)));
    list.add(memory_of("the scales of B", b, detail::reads_by_word(b.first.scales, true)));
    list.add(list_memory("the entries of the list of rows of A", a_rows.data, a_rows.count, a_rows.wide));
    list.add(list_memory("the entries of the list of rows of D", d_rows.data, d_rows.count, d_rows.wide));
    return list;
}

}  // namespace deepgemm
