// SPDX-License-Identifier: MIT
// A grouped GEMM as its caller sees it, as a planner sees it, and the translation between them. rules.hpp checks it.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/stack.hpp>
#include <deepgemm/ops/gemm/problem.hpp>
#include <deepgemm/schedule/groups.cuh>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// D[g](m,n) = sum over k of A[g](m,k) B[g](n,k), scales applied, for the first `counts[g]` rows of each group g. Every group
/// has a slot of M rows in A and in D. Rows past its count are not used in A, where they may hold anything, and not written in
/// D.
struct grouped_problem {
    scaled_stack a{};  ///< of matrices (M, K)
    scaled_stack b{};  ///< of as many matrices (N, K)
    output_stack d{};  ///< of as many matrices (M, N)
    /// Rows of each group, (a.count) in device memory (host memory for the simulator); the kernel reads them. A count below 0
    /// counts as 0, and one above M as M.
    const i32* counts = nullptr;
    /// Rows that a group usually has: a hint for the choice of a kernel. 0, or more than M: all rows of a slot.
    i64 expected_rows = 0;
    epilogue_argument
        epilogue{};          ///< as in gemm_problem; alpha and bias go by the matrix of B, weights by the row of D
    ready_operands ready{};  ///< as in gemm_problem; the kernel always waits before it reads the counts
};

/// What a planner sees of a grouped problem.
struct grouped_workload {
    i32 groups = 0;
    problem_shape shape{};  ///< of one group; M is the rows of a slot
    i32 expected_rows = 0;  ///< of a group, from 1 to M unless M is 0
    operand_info a{}, b{};
    dtype d = dtype::bf16;
    epilogue_info epilogue{};

    friend constexpr bool operator==(const grouped_workload& x, const grouped_workload& y) {
        return x.groups == y.groups && x.expected_rows == y.expected_rows && x.one() == y.one();
    }
    /// The product of one group with a full slot.
    constexpr gemm_workload one() const { return {.shape = shape, .a = a, .b = b, .d = d, .epilogue = epilogue}; }
};

/// A hash of every member.
constexpr u64 hash_of(const grouped_workload& work) {
    const u64 sizes = u64(u32(work.groups)) | u64(u32(work.expected_rows)) << 32;
    return hashed(hash_of(work.one()), sizes);
}

namespace detail {

/// The first group's product, with a full slot.
constexpr gemm_problem first_of(const grouped_problem& problem) {
    return {.a = problem.a.first,
            .b = problem.b.first,
            .d = problem.d.first,
            .epilogue = problem.epilogue,
            .ready = problem.ready};
}

}  // namespace detail

/// The workload of a valid problem. A template, so that workload_of({...}) is a dense problem's and not ambiguous.
constexpr grouped_workload workload_of(const same_as<grouped_problem> auto& problem) {
    const gemm_workload one = workload_of(detail::first_of(problem));
    const i32 rows = one.shape.m, expected = i32(min(problem.expected_rows, i64(rows)));
    grouped_workload work{i32(problem.a.count), one.shape, expected == 0 ? rows : expected, one.a, one.b, one.d,
                          one.epilogue};
    if (detail::reads_a_scales_by_word(problem.a)) work.a.scales = major::k;
    return work;
}

/// True if there is nothing to compute and nothing to write, for any counts.
constexpr bool is_empty(const grouped_workload& work) {
    return work.groups == 0 || work.shape.m == 0 || work.shape.n == 0;
}

/// What a kernel of groups with slots is launched with.
using masked_arguments = gemm_call<epilogue_values, masked_groups>;

/// The arguments of a kernel for a valid problem. Strides that do not matter become some that tensor maps accept. A template
/// for the same reason as workload_of().
constexpr masked_arguments arguments_of(const same_as<grouped_problem> auto& problem) {
    const auto& [a, b, d, counts, expected_rows, epilogue, ready] = problem;
    const grouped_workload work = workload_of(problem);
    const bool multiplies = work.shape.k != 0;
    const auto stride = [&](i64 given, bool matters) { return matters && work.groups > 1 ? given : i64(16); };
    masked_arguments made{arguments_of(detail::first_of(problem)), epilogue.values()};
    made.matrices = work.groups;
    made.a.matrix_pitch = stride(a.matrix_stride, multiplies);
    made.b.matrix_pitch = stride(b.matrix_stride, multiplies);
    made.d.matrix_pitch = stride(d.matrix_stride, true);
    made.a.scales.matrix_stride = stride(a.scale_stride, multiplies);
    made.b.scales.matrix_stride = stride(b.scale_stride, multiplies);
    made.tiles = {work.groups, counts, work.expected_rows};
    return made;
}

}  // namespace deepgemm
