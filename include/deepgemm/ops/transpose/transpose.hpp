// SPDX-License-Identifier: MIT
// The named functions that transpose: validate, plan and launch in one call.
#pragma once

#include <optional>

#include <deepgemm/host/engine.hpp>
#include <deepgemm/ops/transpose/operation.hpp>

namespace deepgemm {

/// Optional arguments of transpose.
struct transpose_options {
    void* stream = nullptr;  ///< a cudaStream_t

    // Knobs of this call; those that are set replace the engine's.
    std::optional<int> num_sms{};            ///< multiprocessors to use; 0: all of the device
    std::optional<transpose_config> pin{};   ///< the one configuration to use
    std::optional<bool> dependent_launch{};  ///< the kernel may start before its predecessor has ended (PDL)
};

/// Y(j, i) = X(i, j) of each matrix of a stack. X: matrices of (rows, columns), Y: of (columns, rows), both e4m3 or both e5m2,
/// contiguous along columns, at multiples of 16 bytes, and so are rows and matrices. Padding between rows of Y is not written.
/// No elements: nothing happens. Host, any thread; errors are returned, and then nothing was launched.
template <engine_for<ops::transpose> Engine>
result<void> transpose(const Engine& engine, const input_stack& x, const output_stack& y,
                       const transpose_options& options = {}) {
    return engine.template run<ops::transpose>({x, y}, options.stream,
                                               {options.num_sms, options.pin, options.dependent_launch});
}

/// The same of one matrix.
template <engine_for<ops::transpose> Engine>
result<void> transpose(const Engine& engine, const input_matrix& x, const output_matrix& y,
                       const transpose_options& options = {}) {
    return transpose(engine, input_stack{x, 1, 0}, output_stack{y, 1, 0}, options);
}

}  // namespace deepgemm
