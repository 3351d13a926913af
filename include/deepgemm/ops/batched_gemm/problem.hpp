// SPDX-License-Identifier: MIT
// A batch of products of one shape as its caller sees it, as a planner sees it, and the translation between them. rules.hpp
// checks it.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/stack.hpp>
#include <deepgemm/host/workspace.hpp>
#include <deepgemm/ops/gemm/problem.hpp>
#include <deepgemm/schedule/summed.cuh>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// D[s](m,n) = [D[s](m,n) +] sum over k of A[s](m,k) B[s](n,k), scales applied, for each matrix s; or their sum over s in one
/// D. Matrices of a stack may lie one after the other or row by row among each other.
struct batched_problem {
    scaled_stack a{};         ///< of matrices (M, K)
    scaled_stack b{};         ///< of as many matrices (N, K)
    output_stack d{};         ///< of as many matrices (M, N), or of one that gets their sum
    bool accumulate = false;  ///< adds to what D holds
    bool sum = false;         ///< adds up the products of all matrices
    workspace_memory
        workspace{};         ///< for a sum; its first 128 bytes are zeros before the first call, and after every one
    ready_operands ready{};  ///< as in gemm_problem
};

/// What a planner sees of a batch.
struct batched_workload {
    i32 count = 0;        ///< of products
    gemm_workload one{};  ///< each of them
    bool sum = false;     ///< of all of them is the result

    friend constexpr bool operator==(const batched_workload& x, const batched_workload& y) {
        return x.count == y.count && x.one == y.one && x.sum == y.sum;
    }
};

/// A hash of every member.
constexpr u64 hash_of(const batched_workload& work) {
    return hashed(hash_of(work.one), u64(u32(work.count)) | u64(work.sum) << 32);
}

namespace detail {

/// The first product of a batch. The sum of no products is one without K.
constexpr gemm_problem first_of(const batched_problem& problem) {
    gemm_problem one{.a = problem.a.first, .b = problem.b.first, .d = problem.d.first, .ready = problem.ready};
    if (problem.accumulate) one.c = problem.d.first;
    if (problem.sum && problem.a.count == 0) one.a.matrix.columns = one.b.matrix.columns = 0;
    return one;
}

/// True if tiles of all matrices should take turns: rows of A lie among each other, all of B is small enough to stay in L2
/// while they do, and more is read than written. Measured, 128 heads: reads of 1 KB from each gain 5 %, writes of 1 KB to each
/// lose 6 %.
constexpr bool side_by_side(const batched_problem& problem) {
    constexpr i64 most_bytes = i64(20) << 20;
    const input_matrix a = contiguous_rows(problem.a.first.matrix), &b = problem.b.first.matrix;
    const bool among =
        problem.a.count > 1 && a.rows > 1 && problem.a.matrix_stride < a.row_stride && a.columns > b.rows;
    return among &&
           double(problem.a.count) * double(b.rows) * double(b.columns) * size_of(b.type) <= double(most_bytes);
}

}  // namespace detail

/// The workload of a valid problem. A template, so that workload_of({...}) is a dense problem's and not ambiguous.
constexpr batched_workload workload_of(const same_as<batched_problem> auto& problem) {
    batched_workload work{i32(problem.a.count), workload_of(detail::first_of(problem)), problem.sum};
    if (!problem.a.first.scales.tile.all_of_k() && detail::reads_a_scales_by_word(problem.a))
        work.one.a.scales = major::k;
    return work;
}

/// True if there is nothing to compute and nothing to write.
constexpr bool is_empty(const batched_workload& work) {
    return (work.count == 0 && !work.sum) || work.one.shape.m == 0 || work.one.shape.n == 0;
}

/// What a kernel of a batch is launched with.
using batched_arguments = gemm_call<epilogue_values, summed_batch>;

/// The arguments of a kernel for a valid problem. Strides that do not matter become some that tensor maps accept. A template
/// for the same reason as workload_of().
constexpr batched_arguments arguments_of(const same_as<batched_problem> auto& problem) {
    const auto& [a, b, d, accumulate, sum, workspace, ready] = problem;
    const batched_workload work = workload_of(problem);
    const bool multiplies = work.one.shape.k != 0;
    const auto stride = [&](i64 given, bool matters) { return matters && work.count > 1 ? given : i64(16); };
    batched_arguments made{arguments_of(detail::first_of(problem)), {}};
    made.matrices = max(work.count, 1);
    made.a.matrix_pitch = stride(a.matrix_stride, multiplies);
    made.b.matrix_pitch = stride(b.matrix_stride, multiplies);
    made.d.matrix_pitch = stride(d.matrix_stride, true);
    made.c.matrix_pitch = made.d.matrix_pitch;
    made.a.scales.matrix_stride = stride(a.scale_stride, multiplies);
    made.b.scales.matrix_stride = stride(b.scale_stride, multiplies);
    made.tiles = {{work.count, detail::side_by_side(problem)}, workspace.data, workspace.bytes};
    return made;
}

}  // namespace deepgemm
