// SPDX-License-Identifier: MIT
// The rules that a caller of topk can break, and the memory that a problem reads and writes. Nothing is read from that memory,
// not even the ranges.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/matrix_rules.hpp>
#include <deepgemm/ops/topk/problem.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// Checks the part of a problem that a workload holds.
inline result<void> validate(const topk_workload& work) {
    if (auto ok = detail::check_size("the matrix of logits", work.rows, work.columns); !ok) return ok;
    if (work.k < 1 || work.k > topk_most) {
        return fail(errc::bad_extent, "k is ", work.k, "; it must be from 1 to ", topk_most);
    }
    if (work.logits == dtype::f32 || work.logits == dtype::bf16 || work.logits == dtype::f16) return {};
    return fail(errc::unsupported_type, "logits are ", work.logits, "; topk takes f32, bf16 or f16");
}

namespace detail {

/// Checks that a result has a row for each row of logits, k columns, and elements of `type`.
inline result<void> check_topk_result(const char* name, const output_matrix& matrix, const topk_problem& problem,
                                      dtype type) {
    const i64 rows = problem.logits.rows, k = problem.indices.columns;
    if (matrix.type != type) return fail(errc::unsupported_type, name, " are ", matrix.type, "; they must be ", type);
    if (matrix.rows == rows && matrix.columns == k) return {};
    return fail(errc::shape_mismatch, name, " are ", matrix.rows, " x ", matrix.columns, "; ", rows,
                " rows of logits and k = ", k, " need ", rows, " x ", k);
}

/// Checks a problem against the rules of the operation, but not those for memory. Without rows, only sizes and types are
/// checked.
inline result<void> check_topk(const topk_problem& problem) {
    const auto& [logits, indices, scores, first, last, rows_of_range] = problem;
    if (auto ok = check_size("the matrix of logits", logits.rows, logits.columns); !ok) return ok;
    if (auto ok = check_size("the matrix of indices", indices.rows, indices.columns); !ok) return ok;
    const topk_workload work = workload_of(problem);
    if (auto ok = validate(work); !ok) return ok;
    if (auto ok = check_extent("rows_of_range", rows_of_range, 1); !ok) return ok;
    if (auto ok = check_topk_result("indices", indices, problem, dtype::i32); !ok) return ok;
    if (scores.data != nullptr) {
        if (auto ok = check_topk_result("scores", scores, problem, dtype::f32); !ok) return ok;
    }
    if (is_empty(work)) return {};
    if (auto ok = check_written_layout("the matrix of logits", "its columns", logits); !ok) return ok;
    if (auto ok = check_written_layout("the matrix of indices", "k", indices); !ok) return ok;
    return scores.data == nullptr ? result<void>() : check_written_layout("the matrix of scores", "k", scores);
}

}  // namespace detail

/// The memory that a problem reads and writes.
inline auto memory_of(const topk_problem& problem) {
    // This names every member, so a new member makes it fail to compile: add it to the list of what is read or written.
    const auto& [logits, indices, scores, first, last, rows_of_range] = problem;
    const auto by_element = [](const char* name, const input_matrix& matrix) {
        memory_use use = memory_of(name, matrix);
        use.alignment = size_of(matrix.type);
        use.aligned_for = size_of(matrix.type) == 2 ? "they have 2 bytes each" : "they have 4 bytes each";
        use.many = true;
        return use;
    };
    memory_list<5> list;
    list.add(written(by_element("the indices", indices)));
    if (scores.data != nullptr) list.add(written(by_element("the scores", scores)));
    list.add(by_element("the logits", logits));
    const i64 ranges = ceil_div(logits.rows, max(rows_of_range, i64(1)));
    if (first != nullptr) list.add(list_memory("the first columns", first, ranges));
    if (last != nullptr) list.add(list_memory("the last columns", last, ranges));
    return list;
}

}  // namespace deepgemm
