// SPDX-License-Identifier: MIT
// Scores of a lightning indexer over paged keys as their caller sees them, as a planner sees them, and the translation between
// them. rules.hpp checks a problem.
#pragma once

#include <deepgemm/host/hash.hpp>
#include <deepgemm/kernel/paged_mqa_info.cuh>
#include <deepgemm/ops/mqa_logits/problem.hpp>

namespace deepgemm {

/// logits(i, j) = scale(j) * sum over heads h of relu(dot(q(i, h), key(j))) * weight(i, h) for query i and the first keys of
/// its request, as many as its context has. Query t of request r is row r * next_n + t of q, weights and logits. Pointers are
/// to device memory (host memory for the simulator), strides in elements where nothing else is said.
struct paged_mqa_logits_problem {
    i64 requests = 0;  ///< with `indices`: queries of all requests
    i64 next_n = 1;  ///< queries of a request, any number. With `indices`: of a usual one, which only chooses a kernel
    i64 heads = 0, depth = 0;
    i64 columns = 0;                ///< of a row of logits. Keys after them do not count
    i64 block = 64, pages = 0;      ///< keys of a page: 32, 64 or 128; pages of the cache
    const e4m3* q = nullptr;        ///< (queries, heads, depth), contiguous
    const void* cache = nullptr;    ///< a page: keys, E4M3 (block, depth), then their scales, FP32 (block), positive
    i64 page_stride = 0;            ///< bytes from one page to the next; 0: block * (depth + 4)
    const void* weights = nullptr;  ///< (queries, heads), of type `weights_type`
    dtype weights_type = dtype::f32;
    i64 weights_stride = 0;        ///< from one query to the next; 0: heads
    const i32* lengths = nullptr;  ///< (requests): keys of their contexts. Below 0 is 0. The kernel reads them
    bool per_query = false;        ///< lengths are (requests, next_n), one for each query
    const i32* indices = nullptr;  ///< null, or (queries): neighbours with equal indices are one request
    /// (requests, table_columns): a request's pages in order. Entries after a context may be anything. With `indices` each
    /// query has a row, that of its request.
    const i32* block_table = nullptr;
    i64 table_columns = 0;   ///< 0: ceil(columns / block). Keys after them do not count
    i64 table_stride = 0;    ///< from one row to the next; 0: table_columns
    void* logits = nullptr;  ///< (queries, columns), of type `logits_type`
    dtype logits_type = dtype::f32;
    i64 logits_stride = 0;  ///< from one query to the next; 0: columns
    logits_form form = logits_form::full;
    i32* schedule = nullptr;      ///< null, or what make_paged_mqa_schedule() has made for these lengths and indices
    i64 schedule_words = 0;       ///< of `schedule`: paged_mqa_schedule_words()
    bool makes_schedule = false;  ///< the call writes `schedule`, and reads only lengths and indices
};

/// 32-bit words of a schedule for as many multiprocessors. A launch with a schedule uses no more than fit.
constexpr i64 paged_mqa_schedule_words(i64 num_sms) { return 2 * num_sms + 8; }

/// What a planner sees of a problem. It does not see contexts, which are in device memory.
struct paged_mqa_logits_workload {
    i32 queries = 0, next_n = 1, columns = 0;
    paged_mqa_traits what{};
    friend constexpr bool operator==(const paged_mqa_logits_workload&, const paged_mqa_logits_workload&) = default;
};

/// A hash of every member.
constexpr u64 hash_of(const paged_mqa_logits_workload& work) {
    const u64 shape = u64(u32(work.next_n)) | u64(work.what.block) << 32;
    return hashed(hash_of(mqa_logits_workload{work.queries, work.columns, work.what.stored}), shape);
}

namespace detail {
/// Queries of all requests.
constexpr i64 paged_queries(const paged_mqa_logits_problem& problem) {
    return problem.indices ? problem.requests : problem.requests * problem.next_n;
}
/// Bytes of a page, and from one to the next.
constexpr i64 page_bytes(const paged_mqa_logits_problem& problem) { return problem.block * (problem.depth + 4); }
constexpr i64 page_stride(const paged_mqa_logits_problem& problem) {
    return stride_or(problem.page_stride, page_bytes(problem));
}
/// Entries of a row of the block table.
constexpr i64 table_columns(const paged_mqa_logits_problem& problem) {
    return stride_or(problem.table_columns, ceil_div(problem.columns, problem.block));
}
}  // namespace detail

/// The workload of a valid problem. A template, so that workload_of({...}) is a dense problem's and not ambiguous.
constexpr paged_mqa_logits_workload workload_of(const same_as<paged_mqa_logits_problem> auto& problem) {
    const mqa_logits_traits scores{int(problem.heads), int(problem.depth), problem.weights_type};
    return {i32(detail::paged_queries(problem)),
            i32(problem.next_n),
            i32(problem.columns),
            {{scores, problem.logits_type, problem.form}, int(problem.block)}};
}

/// True if there is nothing to compute and nothing to write, for any contexts.
constexpr bool is_empty(const paged_mqa_logits_workload& work) { return work.queries == 0 || work.columns == 0; }

/// The arguments of a kernel for a valid problem. A template for the same reason as workload_of().
constexpr paged_mqa_arguments<logits_arguments> arguments_of(const same_as<paged_mqa_logits_problem> auto& problem) {
    const i64 columns = detail::table_columns(problem), next_n = problem.indices ? 1 : problem.next_n;
    return {.in = {.requests = i32(problem.requests),
                   .next_n = i32(next_n),
                   .pages = i32(problem.pages),
                   .columns = i32(problem.columns),
                   .longest = i32(min(problem.columns, columns * problem.block)),
                   .q = problem.q,
                   .cache = problem.cache,
                   .page_bytes = detail::page_stride(problem),
                   .weights = problem.weights,
                   .weights_pitch = detail::stride_or(problem.weights_stride, problem.heads),
                   .lengths = problem.lengths,
                   .per_query = problem.per_query,
                   .indices = problem.indices,
                   .table = problem.block_table,
                   .table_pitch = detail::stride_or(problem.table_stride, columns),
                   .schedule = problem.schedule,
                   .schedule_words = problem.schedule_words,
                   .makes_schedule = problem.makes_schedule},
            .out = {problem.logits, detail::stride_or(problem.logits_stride, problem.columns), i32(problem.columns)}};
}

}  // namespace deepgemm
