// SPDX-License-Identifier: MIT
// Cleaning of logits as its caller sees it, as a planner sees it, and the translation between them. rules.hpp checks a problem.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/traits.cuh>
#include <deepgemm/host/hash.hpp>
#include <deepgemm/host/matrix.hpp>
#include <deepgemm/kernel/clean_info.cuh>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// D(i, j) becomes minus infinity for each key j outside of the range [first(i), last(i)) of query i, cut to the keys that
/// there are. Elements of the range stay as they are.
struct clean_logits_problem {
    output_matrix d{};           ///< (queries, keys) FP32, BF16 or FP16, contiguous along keys: the logits
    const i32* first = nullptr;  ///< (queries): a query's first key. The kernel reads it
    const i32* last = nullptr;   ///< (queries): the key after its last one. A range may be empty or inverted
};

/// What a planner sees of a problem. It does not see ranges, which are in device memory.
struct clean_logits_workload {
    i32 queries = 0, keys = 0;
    dtype logits = dtype::f32;
    friend constexpr bool operator==(const clean_logits_workload&, const clean_logits_workload&) = default;
};

/// A hash of every member.
constexpr u64 hash_of(const clean_logits_workload& work) {
    return hashed(hashed(0, u64(u32(work.queries)) | u64(u32(work.keys)) << 32), u64(work.logits));
}

/// The workload of a valid problem. A template, so that workload_of({...}) is a dense problem's and not ambiguous.
constexpr clean_logits_workload workload_of(const same_as<clean_logits_problem> auto& problem) {
    return {i32(problem.d.rows), i32(problem.d.columns), problem.d.type};
}

/// True if D has no elements.
constexpr bool is_empty(const clean_logits_workload& work) { return work.queries == 0 || work.keys == 0; }

/// The arguments of a kernel for a valid problem. A template for the same reason as workload_of().
constexpr clean_logits_arguments arguments_of(const same_as<clean_logits_problem> auto& problem) {
    return {i32(problem.d.rows),
            i32(problem.d.columns),
            problem.first,
            problem.last,
            {problem.d.data, problem.d.row_stride}};
}

}  // namespace deepgemm
