// SPDX-License-Identifier: MIT
// Transposition as its caller sees it, as a planner sees it, and the translation between them. rules.hpp checks a problem.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/traits.cuh>
#include <deepgemm/host/hash.hpp>
#include <deepgemm/host/stack.hpp>
#include <deepgemm/kernel/transpose_info.cuh>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// Y(j, i) = X(i, j) of each matrix of a stack. Both are FP8, contiguous along their columns, and lie apart.
struct transpose_problem {
    input_stack x{};   ///< matrices of (rows, columns)
    output_stack y{};  ///< as many of (columns, rows); padding between rows stays as it is
};

/// What a planner sees of a problem.
struct transpose_workload {
    i32 rows = 0, columns = 0;  ///< of X
    i32 matrices = 1;
    dtype type = dtype::e4m3;
    friend constexpr bool operator==(const transpose_workload&, const transpose_workload&) = default;
};

/// A hash of every member.
constexpr u64 hash_of(const transpose_workload& work) {
    return hashed(hashed(0, u64(u32(work.rows)) | u64(u32(work.columns)) << 32),
                  u64(u32(work.matrices)) | u64(work.type) << 32);
}

/// The workload of a valid problem. A template, so that workload_of({...}) is a dense problem's and not ambiguous.
constexpr transpose_workload workload_of(const same_as<transpose_problem> auto& problem) {
    const auto& x = problem.x.first;
    return {i32(x.rows), i32(x.columns), i32(problem.x.count), x.type};
}

/// True if there is nothing to transpose.
constexpr bool is_empty(const transpose_workload& work) {
    return work.rows == 0 || work.columns == 0 || work.matrices == 0;
}

/// The arguments of a kernel for a valid problem. A template for the same reason as workload_of().
constexpr transpose_arguments arguments_of(const same_as<transpose_problem> auto& problem) {
    const auto& [x, y] = problem;
    return {.rows = i32(x.first.rows),
            .columns = i32(x.first.columns),
            .matrices = i32(x.count),
            .from = x.first.data,
            .from_pitch = x.first.row_stride,
            .from_distance = x.matrix_stride,
            .to = y.first.data,
            .to_pitch = y.first.row_stride,
            .to_distance = y.matrix_stride};
}

}  // namespace deepgemm
