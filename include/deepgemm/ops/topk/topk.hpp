// SPDX-License-Identifier: MIT
// The named operation: validate, plan and launch in one call.
#pragma once

#include <optional>

#include <deepgemm/host/engine.hpp>
#include <deepgemm/ops/topk/operation.hpp>

namespace deepgemm {

/// Optional arguments of topk.
struct topk_options {
    void* stream = nullptr;  ///< a cudaStream_t

    // Knobs of this call; those that are set replace the engine's.
    std::optional<int> num_sms{};            ///< multiprocessors to use; 0: all of the device
    std::optional<topk_config> pin{};        ///< the one configuration to use
    std::optional<bool> dependent_launch{};  ///< the kernel may start before its predecessor has ended (PDL)
};

/// The k largest logits of each row: their columns in order, from the largest on, and if wanted their values as FP32. Exactly
/// what sorting a row by value from high to low and by column from low to high gives, the same bits in every run. NaN come
/// first, and -0 equals 0; as values they are the one NaN of bits 0x7fffffff, and 0.
///
/// A row may have a range of columns, in device memory, which only the kernel reads: elements outside may be anything, and need
/// not be mapped. Neighbouring rows may share one, as `rows_of_range` says. Rows of fewer than k elements are filled up with
/// index -1 and minus infinity. No rows: nothing happens. Needs no workspace, waits for nothing, may be captured. Host, any
/// thread; errors are returned, and then nothing was launched.
template <engine_for<ops::topk> Engine>
result<void> topk(const Engine& engine, const topk_problem& problem, const topk_options& options = {}) {
    return engine.template run<ops::topk>(problem, options.stream,
                                          {options.num_sms, options.pin, options.dependent_launch});
}

}  // namespace deepgemm
