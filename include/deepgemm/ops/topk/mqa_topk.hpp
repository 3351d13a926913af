// SPDX-License-Identifier: MIT
// From queries and keys to the best keys: scores of a lightning indexer and the largest of each row, in chunks of queries whose
// scores fit into a workspace.
#pragma once

#include <optional>
#include <string_view>

#include <deepgemm/ops/mqa_logits/mqa_logits.hpp>
#include <deepgemm/ops/topk/topk.hpp>

namespace deepgemm {

/// Memory that a call may overwrite, of the caller's: device memory, or host memory for the simulator. At a multiple of 16 bytes.
struct workspace_memory {
    void* data = nullptr;
    u64 bytes = 0;
};

/// Where the best keys go.
struct mqa_topk_result {
    output_matrix indices{};  ///< (queries, k) int32, as in topk_problem
    output_matrix scores{};   ///< (queries, k) FP32. No data: not written
};

/// Optional arguments of fp8_mqa_topk.
struct mqa_topk_options {
    void* stream = nullptr;  ///< a cudaStream_t

    // Knobs of this call; those that are set replace the engine's.
    std::optional<int> num_sms{};                   ///< multiprocessors to use; 0: all of the device
    std::optional<mqa_logits_config> pin_logits{};  ///< the one configuration to score with
    std::optional<topk_config> pin_topk{};          ///< the one configuration to select with
    std::optional<bool> dependent_launch{};         ///< each kernel may start before its predecessor has ended (PDL)
};

namespace detail {

/// How many queries share a tile of a kernel of mqa_logits. Chunks are whole tiles, so that no score depends on the chunk.
inline i64 queries_of_tile(const mqa_logits_problem& problem, const std::optional<mqa_logits_config>& pin) {
    const auto settled = pin.value_or(mqa_logits_config{}).settled(workload_of(problem).what.scores);
    return i64(settled.queries) * settled.warpgroups;
}
/// Elements from one row of logits to the next in a workspace: a multiple of 128 bytes.
inline i64 workspace_stride(const mqa_logits_problem& problem) {
    return align_up(problem.keys, i64(128) / size_of(problem.logits_type));
}

/// A call as a series of two operations on some of the queries.
struct mqa_topk_chunk {
    mqa_logits_problem scores;
    topk_problem best;
};
/// Queries [from, from + count) of a call.
inline mqa_topk_chunk chunk_of(const mqa_logits_problem& problem, const mqa_topk_result& result, void* workspace,
                               i64 from, i64 count) {
    const auto rows = [&](output_matrix matrix) {
        if (matrix.data == nullptr) return matrix;
        matrix.data = static_cast<char*>(matrix.data) + from * matrix.row_stride * size_of(matrix.type);
        matrix.rows = count;
        return matrix;
    };
    const auto moved = [](const auto* list, i64 by) { return list == nullptr ? list : list + by; };
    mqa_topk_chunk made{problem, {}};
    auto& scores = made.scores;
    scores.queries = count;
    scores.q = moved(problem.q, from * problem.heads * problem.depth);
    scores.weights = moved(static_cast<const char*>(problem.weights),
                           from * stride_or(problem.weights_stride, problem.heads) * size_of(problem.weights_type));
    scores.first = moved(problem.first, from);
    scores.last = moved(problem.last, from);
    scores.logits = workspace;
    scores.logits_stride = workspace_stride(problem);
    scores.form = logits_form::unclean;
    made.best = {.logits = {workspace, problem.logits_type, count, problem.keys, scores.logits_stride, 1},
                 .indices = rows(result.indices),
                 .scores = rows(result.scores),
                 .first = scores.first,
                 .last = scores.last};
    return made;
}

/// Checks a call against the rules of both operations, its memory with the whole workspace in place of the logits.
inline result<void> check_mqa_topk(const mqa_topk_chunk& all, const workspace_memory& workspace) {
    if (auto ok = check_mqa_logits(all.scores); !ok) return ok;
    if (auto ok = check_topk(all.best); !ok || all.best.logits.rows == 0) return ok;
    memory_list<12> list;
    list.add({.name = "the workspace",
              .data = workspace.data,
              .width = wide(workspace.bytes),
              .how = memory_access::writes,
              .alignment = 16,
              .aligned_for = "rows of logits in it do"});
    const auto add = [&](const auto& uses) {
        for (const memory_use& use : uses) {
            if (use.name != std::string_view("the logits")) list.add(use);
        }
    };
    add(memory_of(all.scores));
    add(memory_of(all.best));
    return check_memory(list);
}

}  // namespace detail

/// Bytes of the smallest workspace with which fp8_mqa_topk() takes `problem`: the logits of a chunk of at least eight queries, in
/// whole tiles of the kernel. A multiple of it makes chunks so many times as long.
inline u64 mqa_topk_workspace_bytes(const mqa_logits_problem& problem,
                                    const std::optional<mqa_logits_config>& pin_logits = {}) {
    const i64 queries = align_up(i64(8), detail::queries_of_tile(problem, pin_logits));
    return u64(queries) * u64(detail::workspace_stride(problem)) * size_of(problem.logits_type);
}

/// The indices of the best keys of each query, from the best on: fp8_mqa_logits() and topk() of its logits, bit for bit, in chunks
/// of queries. `problem` says what is scored; of its logits only the type counts, since they go to the workspace. An index is that
/// of a key, and -1 behind the keys of a range of fewer than k. Two launches for each chunk; allocates nothing, waits for nothing,
/// may be captured. Host, any thread, each with a workspace of its own; errors are returned, and then nothing was launched.
template <class Engine>
    requires(engine_for<Engine, ops::mqa_logits>&& engine_for<Engine, ops::topk>)
result<void> fp8_mqa_topk(const Engine& engine, const mqa_logits_problem& problem, const mqa_topk_result& to,
                          const workspace_memory& workspace, const mqa_topk_options& options = {}) {
    if (auto ok = detail::check_mqa_kind(problem.heads, problem.depth, problem.weights_type, problem.logits_type); !ok)
        return ok;
    if (auto ok = detail::check_mqa_sizes(problem.queries, problem.keys, problem.heads); !ok) return ok;
    const u64 least = mqa_topk_workspace_bytes(problem, options.pin_logits);
    if (problem.queries > 0 && workspace.bytes < least) {
        return fail(errc::bad_option, "the workspace has ", workspace.bytes, " bytes; it must have at least ", least,
                    " for ", problem.keys, " keys");
    }
    auto all = detail::chunk_of(problem, to, workspace.data, 0, problem.queries);
    all.best.indices = to.indices;  // with the rows that the caller says
    all.best.scores = to.scores;
    if (auto ok = detail::check_mqa_topk(all, workspace); !ok) return ok;
    const i64 row = detail::workspace_stride(problem) * i64(size_of(problem.logits_type));
    const i64 tile = detail::queries_of_tile(problem, options.pin_logits);
    const i64 most = row == 0 ? problem.queries : i64(workspace.bytes) / row / tile * tile;
    for (i64 from = 0; from < problem.queries; from += most) {
        const auto chunk = detail::chunk_of(problem, to, workspace.data, from, min(most, problem.queries - from));
        const call_knobs<ops::mqa_logits> to_score{options.num_sms, options.pin_logits, options.dependent_launch};
        const call_knobs<ops::topk> to_select{options.num_sms, options.pin_topk, options.dependent_launch};
        if (from == 0) {
            if (auto ok = engine.template supports<ops::topk>(chunk.best, to_select); !ok) return ok;
        }
        if (auto ok = engine.template run<ops::mqa_logits>(chunk.scores, options.stream, to_score); !ok) return ok;
        if (auto ok = engine.template run<ops::topk>(chunk.best, options.stream, to_select); !ok) return ok;
    }
    return {};
}

}  // namespace deepgemm
