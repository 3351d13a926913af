// SPDX-License-Identifier: MIT
// Selection of the largest elements of rows as its caller sees it, as a planner sees it, and the translation between them.
// rules.hpp checks a problem.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/traits.cuh>
#include <deepgemm/host/hash.hpp>
#include <deepgemm/host/matrix.hpp>
#include <deepgemm/kernel/topk_info.cuh>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// indices(i, 0 ... k - 1): the columns of the k largest elements of row i among columns [first(i), last(i)), cut to the
/// columns that there are; larger ones first, of equal ones the one with the lower index. NaN are larger than all and equal to
/// each other, and -0 is equal to 0. Where a row has fewer than k elements, -1 follows.
struct topk_problem {
    input_matrix logits{};       ///< (rows, columns) FP32, BF16 or FP16, contiguous along columns
    output_matrix indices{};     ///< (rows, k) int32, contiguous along k, which is from 1 to 2048
    output_matrix scores{};      ///< (rows, k) FP32: the elements, minus infinity behind them. No data: not written
    const i32* first = nullptr;  ///< (ranges): a row's first column. The kernel reads it. Null: 0
    /// (ranges): the column after its last one. A range may be empty or inverted. Null: all.
    const i32* last = nullptr;
    i64 rows_of_range = 1;  ///< neighbouring rows that share a range: row i has range i / rows_of_range
};

/// What a planner sees of a problem. It does not see ranges, which are in device memory.
struct topk_workload {
    i32 rows = 0, columns = 0, k = 1;
    dtype logits = dtype::f32;
    friend constexpr bool operator==(const topk_workload&, const topk_workload&) = default;
};

/// A hash of every member.
constexpr u64 hash_of(const topk_workload& work) {
    return hashed(hashed(0, u64(u32(work.rows)) | u64(u32(work.columns)) << 32), u64(u32(work.k)) | u64(work.logits)
                                                                                                        << 32);
}

/// The workload of a valid problem. A template, so that workload_of({...}) is a dense problem's and not ambiguous.
constexpr topk_workload workload_of(const same_as<topk_problem> auto& problem) {
    return {i32(problem.logits.rows), i32(problem.logits.columns), i32(problem.indices.columns), problem.logits.type};
}

/// True if there are no rows.
constexpr bool is_empty(const topk_workload& work) { return work.rows == 0; }

/// The arguments of a kernel for a valid problem. A template for the same reason as workload_of().
constexpr topk_arguments arguments_of(const same_as<topk_problem> auto& problem) {
    const auto& [logits, indices, scores, first, last, rows_of_range] = problem;
    return {.rows = i32(logits.rows),
            .columns = i32(logits.columns),
            .k = i32(indices.columns),
            .logits = logits.data,
            .pitch = logits.row_stride,
            .first = first,
            .last = last,
            .rows_of_range = i32(rows_of_range),
            .indices = static_cast<i32*>(indices.data),
            .indices_pitch = indices.row_stride,
            .scores = static_cast<float*>(scores.data),
            .scores_pitch = scores.row_stride};
}

}  // namespace deepgemm
