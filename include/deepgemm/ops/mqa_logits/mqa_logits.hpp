// SPDX-License-Identifier: MIT
// The named operation: validate, plan and launch in one call.
#pragma once

#include <optional>

#include <deepgemm/host/engine.hpp>
#include <deepgemm/ops/mqa_logits/operation.hpp>

namespace deepgemm {

/// Optional arguments of fp8_mqa_logits.
struct mqa_logits_options {
    void* stream = nullptr;  ///< a cudaStream_t

    // Knobs of this call; those that are set replace the engine's.
    std::optional<int> num_sms{};            ///< multiprocessors to use; 0: all of the device
    std::optional<mqa_logits_config> pin{};  ///< the one configuration to use
    std::optional<bool> dependent_launch{};  ///< the kernel may start before its predecessor has ended (PDL)
};

/// Scores of a lightning indexer: logits(i, j) = scale(j) * sum over heads h of relu(dot(q(i, h), key(j))) * weight(i, h), for
/// each query i and the keys j of its range. q (queries, heads, depth) and keys (keys, depth) are E4M3, scales FP32; sums are
/// FP32.
///
/// Heads are a multiple of 4 up to 128, depth is 32, 64 or 128. The kernel reads ranges from device memory, so the host never
/// waits for them, and a captured graph may be replayed with others. Ranges are cut to the keys that there are, and may be
/// empty or inverted. mqa_logits_problem::form says what is written: `full` all of the first `keys` columns, minus infinity
/// outside of a range; `unclean` scores only; `compressed` scores only, those of a range from column 0 on, as many as there are
/// columns. NaN in a query or in one of its keys makes these scores NaN, and no others. No queries or no keys: nothing happens.
template <engine_for<ops::mqa_logits> Engine>
result<void> fp8_mqa_logits(const Engine& engine, const mqa_logits_problem& problem,
                            const mqa_logits_options& options = {}) {
    return engine.template run<ops::mqa_logits>(problem, options.stream,
                                                {options.num_sms, options.pin, options.dependent_launch});
}

}  // namespace deepgemm
