// SPDX-License-Identifier: MIT
// From queries and a paged cache to the best keys, as a step of decode needs them: scores of a lightning indexer and the
// largest of each context.
#pragma once

#include <deepgemm/ops/paged_mqa_logits/paged_mqa_logits.hpp>
#include <deepgemm/ops/topk/chunks.hpp>

namespace deepgemm {

/// Optional arguments of fp8_paged_mqa_topk.
using paged_mqa_topk_options = scored_topk_options<paged_mqa_config>;

namespace detail {

/// The problem without what does not count: the form and the stride of its logits.
inline paged_mqa_logits_problem unclean(paged_mqa_logits_problem problem) {
    problem.form = logits_form::unclean;
    problem.logits_stride = 0;
    return problem;
}
/// Queries that have an entry of `lengths` in common.
constexpr i64 queries_of_length(const paged_mqa_logits_problem& problem) {
    return problem.per_query || problem.indices ? 1 : problem.next_n;
}
/// Chunks are whole requests. With indices only the device knows where a request ends, so there is one chunk.
inline chunk_lengths chunks_of(const paged_mqa_logits_problem& problem) {
    const i64 queries = paged_queries(problem), unit = problem.indices ? max(queries, i64(1)) : problem.next_n;
    return {queries, unit, unit, problem.columns, problem.logits_type};
}
/// Queries [from, from + count) of a call.
inline scored_chunk<paged_mqa_logits_problem> chunk_of(const paged_mqa_logits_problem& problem,
                                                       const mqa_topk_result& to, void* workspace, i64 from,
                                                       i64 count) {
    const chunk_lengths lengths = chunks_of(problem);
    auto made = chunk_of<paged_mqa_logits_problem>(problem, lengths, to, workspace, from, count);
    auto& [scores, best] = made;
    const i64 of_request = problem.indices ? 1 : problem.next_n, first = from / of_request;
    scores.requests = count / of_request;
    scores.lengths = moved(problem.lengths, from / queries_of_length(problem));
    scores.block_table = moved(problem.block_table, first * stride_or(problem.table_stride, table_columns(problem)));
    if (count < lengths.queries) scores.schedule = nullptr;  // it is for all requests
    best.last = scores.lengths;
    best.rows_of_range = queries_of_length(problem);
    // Keys that have no page in a row of the block table are in no context.
    best.logits.columns = min(problem.columns, table_columns(problem) * problem.block);
    return made;
}

}  // namespace detail

/// Bytes of the smallest workspace with which fp8_paged_mqa_topk() takes `problem`: the logits of one request, or with
/// `indices` those of all queries. n times as much makes chunks of n requests, and enough for all makes one chunk, as decode
/// wants it. 0 for sizes or types that no call takes.
inline u64 paged_mqa_topk_workspace_bytes(const paged_mqa_logits_problem& problem) {
    return detail::check_paged_mqa_shape(detail::unclean(problem)) ? detail::chunks_of(problem).least_bytes() : 0;
}

/// The indices of the best keys of each query, from the best on: fp8_paged_mqa_logits() and topk() of each context, bit for
/// bit, in chunks of requests. `problem` says what is scored; of its logits only the type counts, since they go to the
/// workspace, and its schedule, made for form `unclean`, serves a call of one chunk. An index counts keys of the context, and
/// is -1 behind them where there are fewer than k. Two launches for each chunk, which read lengths, indices and block table
/// from device memory: a captured graph may be replayed with others. Allocates nothing, waits for nothing. Host, any thread,
/// each with a workspace of its own; errors are returned, and then nothing was launched.
template <class Engine>
    requires(engine_for<Engine, ops::paged_mqa_logits>&& engine_for<Engine, ops::topk>)
result<void> fp8_paged_mqa_topk(const Engine& engine, const paged_mqa_logits_problem& problem,
                                const mqa_topk_result& to, const workspace_memory& workspace,
                                const paged_mqa_topk_options& options = {}) {
    if (auto ok = detail::check_paged_mqa_logits(detail::unclean(problem)); !ok) return ok;
    if (problem.makes_schedule) {
        return fail(errc::bad_option, "makes_schedule is set; a call for the best keys makes no schedule");
    }
    const auto chunk = [&](i64 from, i64 count) { return detail::chunk_of(problem, to, workspace.data, from, count); };
    const auto config = detail::config_of_call<ops::paged_mqa_logits>(engine, problem, options);
    return detail::run_scored_topk<ops::paged_mqa_logits>(engine, config, detail::chunks_of(problem), to, workspace,
                                                          options, chunk);
}

}  // namespace deepgemm
