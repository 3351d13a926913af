// SPDX-License-Identifier: MIT
// From queries and keys to the best keys: scores of a lightning indexer and the largest of each row.
#pragma once

#include <optional>

#include <deepgemm/ops/mqa_logits/mqa_logits.hpp>
#include <deepgemm/ops/topk/chunks.hpp>

namespace deepgemm {

/// Optional arguments of fp8_mqa_topk.
using mqa_topk_options = scored_topk_options<mqa_logits_config>;

namespace detail {

/// Chunks are whole tiles of a kernel, in which queries share the keys that pass, so that no score depends on the chunk.
inline chunk_lengths chunks_of(const mqa_logits_problem& problem, const std::optional<mqa_logits_config>& pin) {
    const auto settled = pin.value_or(mqa_logits_config{}).settled(workload_of(problem).what.scores);
    const i64 tile = max(i64(settled.queries) * settled.warpgroups, i64(1));  // a pin may hold anything
    return {problem.queries, align_up(i64(8), tile), tile, problem.keys, problem.logits_type};
}

}  // namespace detail

/// Bytes of the smallest workspace with which fp8_mqa_topk() takes `problem`: the logits of a chunk of at least eight queries,
/// in whole tiles of the kernel. A multiple of it makes chunks so many times as long. `pin_logits` is the configuration of the
/// kernel where that is not the library's own. 0 for sizes or types that no call takes.
inline u64 mqa_topk_workspace_bytes(const mqa_logits_problem& problem,
                                    const std::optional<mqa_logits_config>& pin_logits = {}) {
    return detail::check_mqa_shape(problem) ? detail::chunks_of(problem, pin_logits).least_bytes() : 0;
}

/// The indices of the best keys of each query, from the best on: fp8_mqa_logits() and topk() of its logits, bit for bit, in
/// chunks of queries. `problem` says what is scored; of its logits only the type counts, since they go to the workspace. An
/// index is that of a key, and -1 behind the keys of a range of fewer than k. Two launches for each chunk; allocates nothing,
/// waits for nothing, may be captured. Host, any thread, each with a workspace of its own; errors are returned, and then
/// nothing was launched.
template <class Engine>
    requires(engine_for<Engine, ops::mqa_logits>&& engine_for<Engine, ops::topk>)
result<void> fp8_mqa_topk(const Engine& engine, const mqa_logits_problem& problem, const mqa_topk_result& to,
                          const workspace_memory& workspace, const mqa_topk_options& options = {}) {
    if (auto ok = detail::check_mqa_shape(problem); !ok) return ok;
    const auto config = detail::config_of_call<ops::mqa_logits>(engine, problem, options);
    const auto lengths = detail::chunks_of(problem, config ? *config : options.pin_logits);
    const auto chunk = [&](i64 from, i64 count) {
        auto made = detail::chunk_of(problem, lengths, to, workspace.data, from, count);
        made.scores.queries = count;
        made.best.first = made.scores.first = detail::moved(problem.first, from);
        made.best.last = made.scores.last = detail::moved(problem.last, from);
        return made;
    };
    return detail::run_scored_topk<ops::mqa_logits>(engine, config, lengths, to, workspace, options, chunk);
}

}  // namespace deepgemm
