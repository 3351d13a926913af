// SPDX-License-Identifier: MIT
// The named operation: validate, plan and launch in one call; and the call that shares the work out in advance.
#pragma once

#include <optional>

#include <deepgemm/host/engine.hpp>
#include <deepgemm/ops/paged_mqa_logits/operation.hpp>

namespace deepgemm {

/// Optional arguments of fp8_paged_mqa_logits and of make_paged_mqa_schedule.
struct paged_mqa_logits_options {
    void* stream = nullptr;  ///< a cudaStream_t

    // Knobs of this call; those that are set replace the engine's.
    std::optional<int> num_sms{};            ///< multiprocessors to use; 0: all of the device
    std::optional<paged_mqa_config> pin{};   ///< the one configuration to use
    std::optional<bool> dependent_launch{};  ///< the kernel may start before its predecessor has ended (PDL)
};

/// Scores of a lightning indexer over paged keys: logits(i, j) = scale(j) * sum over heads h of relu(dot(q(i, h), key(j))) *
/// weight(i, h), for each query i and the keys j of its context, the first ones of its request. q and keys are E4M3, scales
/// FP32; sums are FP32. Keys and scales are in pages of a cache, in the order that the block table says.
///
/// Heads are a multiple of 4 up to 128, depth is 32, 64 or 128, a page has 32, 64 or 128 keys, and a request any number of
/// queries. The kernel reads lengths, indices and block table from device memory, so the host never waits for them, and a
/// captured graph may be replayed with others. A context may be empty. paged_mqa_logits_problem::form says what is written:
/// `full` all columns, minus infinity after a context; `unclean` scores only. NaN in a query or in one of its keys makes these
/// scores NaN, and no others. A page of a context that the cache does not have is an error on the simulator and of kernels with
/// DEEPGEMM_DEBUG; others read memory out of bounds. No queries or no columns: nothing happens.
template <engine_for<ops::paged_mqa_logits> Engine>
result<void> fp8_paged_mqa_logits(const Engine& engine, const paged_mqa_logits_problem& problem,
                                  const paged_mqa_logits_options& options = {}) {
    return engine.template run<ops::paged_mqa_logits>(problem, options.stream,
                                                      {options.num_sms, options.pin, options.dependent_launch});
}

/// Shares the work of a problem out in advance: writes problem.schedule, paged_mqa_schedule_words(multiprocessors) words, which
/// fp8_paged_mqa_logits with the same shape, lengths, indices and options then takes instead of doing so itself, in each layer
/// of a model say. It reads lengths and indices only; other pointers may be null. The result is the same bits without a
/// schedule, and with one that was made for another shape or another number of multiprocessors, which is ignored. With one that
/// was made for other lengths or indices some logits stay unwritten, and others are written twice.
template <engine_for<ops::paged_mqa_logits> Engine>
result<void> make_paged_mqa_schedule(const Engine& engine, paged_mqa_logits_problem problem,
                                     const paged_mqa_logits_options& options = {}) {
    problem.makes_schedule = true;
    return fp8_paged_mqa_logits(engine, problem, options);
}

}  // namespace deepgemm
