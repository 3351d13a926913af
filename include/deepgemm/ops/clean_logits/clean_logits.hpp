// SPDX-License-Identifier: MIT
// The named function that cleans logits: validates, plans and launches in one call.
#pragma once

#include <optional>

#include <deepgemm/host/engine.hpp>
#include <deepgemm/ops/clean_logits/operation.hpp>

namespace deepgemm {

/// Optional arguments of clean_logits.
struct clean_logits_options {
    void* stream = nullptr;  ///< a cudaStream_t

    // Knobs of this call; those that are set replace the engine's.
    std::optional<int> num_sms{};              ///< multiprocessors to use; 0: all of the device
    std::optional<clean_logits_config> pin{};  ///< the one configuration to use
    std::optional<bool> dependent_launch{};    ///< the kernel may start before its predecessor has ended (PDL)
};

/// D(i, j) = minus infinity for each key j outside of the range [first[i], last[i]) of query i. D: (queries, keys) FP32, BF16
/// or FP16, contiguous along keys, rows at any distance; `first` and `last`: (queries), in device memory, which only the kernel
/// reads. Ranges are cut to the keys that there are, and may be empty or inverted. Elements of a range and padding between rows
/// stay as they are. No queries or no keys: nothing happens. Host, any thread; errors are returned, and then nothing was
/// launched.
template <engine_for<ops::clean_logits> Engine>
result<void> clean_logits(const Engine& engine, const output_matrix& d, const i32* first, const i32* last,
                          const clean_logits_options& options = {}) {
    return engine.template run<ops::clean_logits>({d, first, last}, options.stream,
                                                  {options.num_sms, options.pin, options.dependent_launch});
}

}  // namespace deepgemm
