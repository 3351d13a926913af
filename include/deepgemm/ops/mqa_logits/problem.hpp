// SPDX-License-Identifier: MIT
// Scores of a lightning indexer as their caller sees them, as a planner sees them, and the translation between them. rules.hpp
// checks a problem.
#pragma once

#include <deepgemm/core/traits.cuh>
#include <deepgemm/epilogue/logits.cuh>
#include <deepgemm/host/hash.hpp>
#include <deepgemm/kernel/mqa_info.cuh>

namespace deepgemm {

/// logits(i, j) = scale(j) * sum over heads h of relu(dot(q(i, h), key(j))) * weight(i, h) for query i and each key j of its
/// range [first(i), last(i)), cut to the keys that there are. Pointers are to device memory (host memory for the simulator),
/// strides in elements.
struct mqa_logits_problem {
    i64 queries = 0, heads = 0, depth = 0, keys = 0;
    const e4m3* q = nullptr;        ///< (queries, heads, depth), contiguous
    const e4m3* key = nullptr;      ///< (keys, depth)
    i64 key_stride = 0;             ///< from one key to the next; 0: depth
    const float* scale = nullptr;   ///< (keys), positive
    const void* weights = nullptr;  ///< (queries, heads), of type `weights_type`
    dtype weights_type = dtype::f32;
    i64 weights_stride = 0;      ///< from one query to the next; 0: heads
    const i32* first = nullptr;  ///< (queries): a query's first key. The kernel reads it
    const i32* last = nullptr;   ///< (queries): the key after its last one. A range may be empty or inverted
    void* logits = nullptr;      ///< (queries, keys), or (queries, columns) if compressed; of type `logits_type`
    dtype logits_type = dtype::f32;
    i64 logits_stride = 0;  ///< from one query to the next; 0: as many as a row has columns
    logits_form form = logits_form::full;
    i64 columns = 0;  ///< of a row of compressed logits, at least the length of the longest range
};

/// What a planner sees of a problem. It does not see ranges, which are in device memory.
struct mqa_logits_workload {
    i32 queries = 0, keys = 0;
    stored_mqa_traits what{};
    friend constexpr bool operator==(const mqa_logits_workload&, const mqa_logits_workload&) = default;
};

/// A hash of every member.
constexpr u64 hash_of(const mqa_logits_workload& work) {
    const auto& [scores, logits, form] = work.what;
    const u64 sizes = u64(u32(work.queries)) | u64(u32(work.keys)) << 32;
    const u64 kinds =
        u64(scores.heads) | u64(scores.depth) << 8 | u64(scores.weights) << 16 | u64(logits) << 24 | u64(form) << 32;
    return hashed(hashed(0, sizes), kinds);
}

/// The workload of a valid problem. A template, so that workload_of({...}) is a dense problem's and not ambiguous.
constexpr mqa_logits_workload workload_of(const same_as<mqa_logits_problem> auto& problem) {
    return {i32(problem.queries),
            i32(problem.keys),
            {{int(problem.heads), int(problem.depth), problem.weights_type}, problem.logits_type, problem.form}};
}

/// True if there is nothing to compute and nothing to write, for any ranges.
constexpr bool is_empty(const mqa_logits_workload& work) { return work.queries == 0 || work.keys == 0; }

namespace detail {
/// Columns of a row of logits.
constexpr i64 logit_columns(const mqa_logits_problem& problem) {
    return problem.form == logits_form::compressed ? problem.columns : problem.keys;
}
/// A stride, or what it stands for if it is 0.
constexpr i64 stride_or(i64 stride, i64 usual) { return stride != 0 ? stride : usual; }
}  // namespace detail

/// The arguments of a kernel for a valid problem. A template for the same reason as workload_of().
constexpr mqa_logits_arguments<logits_arguments> arguments_of(const same_as<mqa_logits_problem> auto& problem) {
    const i64 columns = detail::logit_columns(problem);
    return {.in = {.queries = i32(problem.queries),
                   .keys = i32(problem.keys),
                   .q = problem.q,
                   .key = problem.key,
                   .key_pitch = detail::stride_or(problem.key_stride, problem.depth),
                   .scale = problem.scale,
                   .weights = problem.weights,
                   .weights_pitch = detail::stride_or(problem.weights_stride, problem.heads),
                   .first = problem.first,
                   .last = problem.last},
            .out = {problem.logits, detail::stride_or(problem.logits_stride, columns), i32(columns)}};
}

}  // namespace deepgemm
