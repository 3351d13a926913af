// SPDX-License-Identifier: MIT
// A contiguous grouped GEMM as its caller sees it, as a planner sees it, and the translation between them. rules.hpp checks it.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/stack.hpp>
#include <deepgemm/ops/gemm/problem.hpp>
#include <deepgemm/ops/grouped_gemm/problem.hpp>
#include <deepgemm/schedule/groups.cuh>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// Which rows of A and D belong to which group, as a list in device memory (host memory for the simulator), which the kernel
/// reads. groups_by_end() and groups_by_row() make one.
struct group_list {
    grouping by = grouping::psum;  ///< psum: the end of each group; indexed: the group of each row
    const i32* data = nullptr;     ///< (groups) ends, or (M) groups of rows
    i64 alignment = 128;           ///< every group starts at a multiple of as many rows; 1: anywhere
    /// Rows that a group usually has: a hint for the choice of a kernel. 0: as many as all of them have on average.
    i64 expected_rows = 0;
    /// By end: rows between a group's end and the next multiple of `alignment` become zero in D, and otherwise stay as they
    /// were. By row they always become zero.
    bool zero_padding = false;
};

/// Group g ends before row `ends[g]` and begins at the first multiple of `alignment` behind the group before.
constexpr group_list groups_by_end(const i32* ends, i64 alignment = 128) {
    return {.by = grouping::psum, .data = ends, .alignment = alignment};
}
/// Row r belongs to group `of_row[r]`, or to none if that is negative.
constexpr group_list groups_by_row(const i32* of_row, i64 alignment = 128) {
    return {.by = grouping::indexed, .data = of_row, .alignment = alignment};
}

/// A list of `count` rows in device memory (host memory for the simulator), of 32- or 64-bit integers: std::int64_t may be long
/// or long long. Without entries it needs no memory, and is still a list.
template <class T>
    requires one_of<T, int, long, long long>
constexpr row_list list_of_rows(const T* rows, i64 count) { return {rows, count, sizeof(T) == sizeof(i64), true}; }

/// D(m,n) = sum over k of A(m,k) B[g](n,k), scales applied, for the rows m of each group g, which follow each other.
struct contiguous_problem {
    scaled_matrix a{};  ///< (M, K), the rows of all groups
    scaled_stack b{};   ///< of a matrix (N, K) for each group
    output_matrix d{};  ///< (M, N)
    group_list groups{};
    epilogue_argument
        epilogue{};  ///< as in gemm_problem; alpha and bias go by the matrix of B, weights by the row of the product
    ready_operands
        ready{};  ///< as in gemm_problem; the kernel always waits before it reads lists of groups and of rows
    /// Gathered rows: A(m,k) stands for row a_rows[m] of A. The list has M entries, and A may have any number of rows. Entries
    /// of rows that no group has are not read. One that is no row of A makes the result of that row undefined; the simulator,
    /// and kernels with DEEPGEMM_DEBUG, trap.
    row_list a_rows{};
    /// Scattered rows: D(m,n) stands for row d_rows[m] of D. The list has M entries, and D may have any number of rows; those
    /// that no row of a group goes to stay as they were. Two entries of rows of groups must not be equal. One that is no row of
    /// D is not stored, or traps as above.
    row_list d_rows{};
};

/// What a planner sees of a contiguous problem. Neither the alignment nor zero_padding changes which kernel is the best.
struct contiguous_workload {
    i32 groups = 0;
    problem_shape shape{};  ///< M is the rows of all groups
    i32 expected_rows = 0;  ///< of a group, from 1 to M unless M is 0
    grouping by = grouping::psum;
    operand_info a{}, b{};
    dtype d = dtype::bf16;
    bool scattered = false;  ///< a list names the rows of D
    epilogue_info epilogue{};

    friend constexpr bool operator==(const contiguous_workload& x, const contiguous_workload& y) {
        return x.by == y.by && x.scattered == y.scattered && x.slots() == y.slots();
    }
    /// The product of A with one matrix of B.
    constexpr gemm_workload one() const { return {.shape = shape, .a = a, .b = b, .d = d, .epilogue = epilogue}; }
    /// The product in groups of as many rows that have slots of their own. It takes the same tiles.
    constexpr grouped_workload slots() const { return {groups, shape, expected_rows, a, b, d, epilogue}; }
};

/// A hash of every member.
constexpr u64 hash_of(const contiguous_workload& work) {
    return hash_of(work.slots()) ^ u64(work.by) ^ u64(work.scattered) << 8;
}

namespace detail {

/// A, the first group's matrix of B, and D, as they are in memory.
constexpr gemm_problem stored_of(const contiguous_problem& problem) {
    return {.a = problem.a, .b = problem.b.first, .d = problem.d, .epilogue = problem.epilogue, .ready = problem.ready};
}
/// The product of A with the first group's matrix of B, in which rows are where the lists put them.
constexpr gemm_problem first_of(const contiguous_problem& problem) {
    gemm_problem made = stored_of(problem);
    if (problem.a_rows.any()) made.a.matrix.rows = problem.a_rows.count;
    if (problem.d_rows.any()) made.d.rows = problem.d_rows.count;
    return made;
}

}  // namespace detail

/// The workload of a valid problem. A template, so that workload_of({...}) is a dense problem's and not ambiguous.
constexpr contiguous_workload workload_of(const same_as<contiguous_problem> auto& problem) {
    const gemm_workload one = workload_of(detail::first_of(problem));
    const i64 rows = one.shape.m, groups = max(problem.b.count, i64(1)), given = problem.groups.expected_rows;
    const i32 expected = i32(min(given == 0 ? ceil_div(rows, groups) : given, rows));
    contiguous_workload made{i32(problem.b.count), one.shape,   expected, problem.groups.by, one.a, one.b, one.d,
                             problem.d_rows.any(), one.epilogue};
    if (problem.a_rows.any()) {
        made.a.gathered = true;
        made.a.scales = major::mn;  // kernels that gather take scales in any order
    }
    return made;
}

/// True if there is nothing to compute and nothing to write, for any list of groups.
constexpr bool is_empty(const contiguous_workload& work) { return is_empty(work.slots()); }

/// What a kernel of groups of rows is launched with.
using contiguous_arguments = gemm_call<epilogue_values, row_groups>;

/// The arguments of a kernel for a valid problem. Strides that do not matter become some that tensor maps accept. A template
/// for the same reason as workload_of().
constexpr contiguous_arguments arguments_of(const same_as<contiguous_problem> auto& problem) {
    const auto& [a, b, d, groups, epilogue, ready, a_rows, d_rows] = problem;
    const contiguous_workload work = workload_of(problem);
    const bool matters = work.shape.k != 0 && work.groups > 1;
    contiguous_arguments made{arguments_of(detail::stored_of(problem)), epilogue.values()};
    made.shape = work.shape;
    made.a.list = a_rows;
    made.a.rows = a.matrix.rows;
    made.d.list = d_rows;
    made.d.rows = d.rows;
    made.matrices = work.groups;
    made.b.matrix_pitch = matters ? b.matrix_stride : 16;
    made.b.scales.matrix_stride = matters ? b.scale_stride : 16;
    made.tiles = {work.groups, groups.data, i32(groups.alignment), work.expected_rows, groups.zero_padding};
    return made;
}

}  // namespace deepgemm
