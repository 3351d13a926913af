// SPDX-License-Identifier: MIT
// What fp8_mqa_topk and fp8_paged_mqa_topk share: scores into a workspace and the best of each row, in chunks of queries whose
// scores fit there.
#pragma once

#include <optional>
#include <string_view>

#include <deepgemm/host/workspace.hpp>
#include <deepgemm/ops/mqa_logits/rules.hpp>
#include <deepgemm/ops/topk/topk.hpp>

namespace deepgemm {

/// Where the best keys go.
struct mqa_topk_result {
    output_matrix indices{};  ///< (queries, k) int32, as in topk_problem
    output_matrix scores{};   ///< (queries, k) FP32. No data: not written
};

/// Optional arguments of a call that scores with a kernel of configuration `Config` and selects the best.
template <class Config>
struct scored_topk_options {
    void* stream = nullptr;  ///< a cudaStream_t

    // Knobs of this call; those that are set replace the engine's.
    std::optional<int> num_sms{};            ///< multiprocessors to use; 0: all of the device
    std::optional<Config> pin_logits{};      ///< the one configuration to score with
    std::optional<topk_config> pin_topk{};   ///< the one configuration to select with
    std::optional<bool> dependent_launch{};  ///< each kernel may start before its predecessor has ended (PDL)
};

namespace detail {

/// Elements from one row of logits to the next in a workspace: a multiple of 128 bytes.
inline i64 workspace_stride(i64 columns, dtype logits) { return align_up(columns, i64(128) / size_of(logits)); }

/// How a call may be cut into chunks.
struct chunk_lengths {
    i64 queries = 0;            ///< of the call
    i64 least = 1, unit = 1;    ///< queries of a chunk: at least so many, and a multiple of these
    i64 columns = 0;            ///< of a row of logits
    dtype logits = dtype::f32;  ///< their type

    u64 row_bytes() const { return u64(workspace_stride(columns, logits)) * size_of(logits); }
    u64 least_bytes() const { return u64(least) * row_bytes(); }
    /// Queries of a chunk in a workspace of at least least_bytes().
    i64 in(u64 bytes) const { return columns == 0 ? queries : i64(bytes / row_bytes()) / unit * unit; }
};

/// A list from element `by` on; none, if there is none.
inline constexpr auto moved = [](const auto* list, i64 by) { return list == nullptr ? list : list + by; };

/// A chunk of a call: two operations on some of its queries.
template <class Scores>
struct scored_chunk {
    Scores scores;
    topk_problem best;
};
/// Queries [from, from + count) of a call, but for what only one operation has: the number of queries, and which keys they see.
template <class Scores>
scored_chunk<Scores> chunk_of(const Scores& problem, const chunk_lengths& lengths, const mqa_topk_result& to,
                              void* workspace, i64 from, i64 count) {
    const auto rows = [&](output_matrix matrix) {
        if (matrix.data == nullptr) return matrix;
        matrix.data = static_cast<char*>(matrix.data) + from * matrix.row_stride * size_of(matrix.type);
        matrix.rows = count;
        return matrix;
    };
    scored_chunk<Scores> made{problem, {}};
    auto& scores = made.scores;
    scores.q = moved(problem.q, from * problem.heads * problem.depth);
    scores.weights = moved(static_cast<const char*>(problem.weights),
                           from * stride_or(problem.weights_stride, problem.heads) * size_of(problem.weights_type));
    scores.logits = workspace;
    scores.logits_stride = workspace_stride(lengths.columns, lengths.logits);
    scores.form = logits_form::unclean;
    made.best = {.logits = {workspace, lengths.logits, count, lengths.columns, scores.logits_stride, 1},
                 .indices = rows(to.indices),
                 .scores = rows(to.scores)};
    return made;
}

/// Checks a call against the rules of both operations, its memory with the whole workspace in place of the logits.
template <class O>
result<void> check_scored_topk(const scored_chunk<typename O::problem>& all, const workspace_memory& workspace) {
    if (auto ok = O::check(all.scores); !ok) return ok;
    if (auto ok = check_topk(all.best); !ok || all.best.logits.rows == 0) return ok;
    memory_list<12> list;
    list.add(memory_of(workspace, "rows of logits in it do"));
    const auto add = [&](const auto& uses) {
        for (const memory_use& use : uses) {
            if (use.name != std::string_view("the logits")) list.add(use);
        }
    };
    if (!O::is_empty(O::workload_of(all.scores))) add(O::memory_of(all.scores));
    add(memory_of(all.best));
    return check_memory(list);
}

/// The one configuration to score with, if there is to be one: the pin, or, where heads are an odd multiple of four, so that
/// another might add in another order, what scores all queries of the call at once. Sizes and types are valid.
template <class O, class Engine>
result<std::optional<typename O::config>> config_of_call(const Engine& engine, typename O::problem problem,
                                                         const scored_topk_options<typename O::config>& options) {
    problem.form = logits_form::unclean;
    const auto work = workload_of(problem);
    if (problem.heads % 8 == 0 || O::is_empty(work)) return options.pin_logits;
    const auto found =
        engine.template config_for<O>(work, {options.num_sms, options.pin_logits, options.dependent_launch});
    if (!found) return found.failure();
    return std::optional(*found);
}

/// Checks and runs a call that scores by operation `O`, with configuration `config` if there is one. `chunk(from, count)` is a
/// chunk.
template <class O, class Engine, class Config, class Chunk>
result<void> run_scored_topk(const Engine& engine, const result<std::optional<Config>>& config,
                             const chunk_lengths& lengths, const mqa_topk_result& to, const workspace_memory& workspace,
                             const scored_topk_options<Config>& options, const Chunk& chunk) {
    const i64 queries = lengths.queries;
    if (queries > 0 && workspace.bytes < lengths.least_bytes()) {
        return fail(errc::bad_option, "the workspace has ", workspace.bytes, " bytes; it must have at least ",
                    lengths.least_bytes(), " for ", lengths.least, " queries of ", lengths.columns, " keys");
    }
    auto all = chunk(0, queries);
    all.best.indices = to.indices;  // with the rows that the caller says
    all.best.scores = to.scores;
    if (auto ok = check_scored_topk<O>(all, workspace); !ok) return ok;
    if (!config) return config.failure();
    const call_knobs<O> to_score{options.num_sms, *config, options.dependent_launch};
    const call_knobs<ops::topk> to_select{options.num_sms, options.pin_topk, options.dependent_launch};
    const i64 most = lengths.in(workspace.bytes);
    for (i64 from = 0; from < queries; from += most) {
        const auto here = chunk(from, min(most, queries - from));
        if (from == 0) {
            if (auto ok = engine.template supports<ops::topk>(here.best, to_select); !ok) return ok;
        }
        if (auto ok = engine.template run<O>(here.scores, options.stream, to_score); !ok) return ok;
        if (auto ok = engine.template run<ops::topk>(here.best, options.stream, to_select); !ok) return ok;
    }
    return {};
}

}  // namespace detail

}  // namespace deepgemm
