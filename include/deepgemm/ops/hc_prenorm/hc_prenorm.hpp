// SPDX-License-Identifier: MIT
// The named function of the HyperConnection prenorm: validates, plans and launches in one call.
#pragma once

#include <optional>

#include <deepgemm/host/engine.hpp>
#include <deepgemm/ops/hc_prenorm/operation.hpp>

namespace deepgemm {

/// Optional arguments of a prenorm.
struct hc_prenorm_options {
    void* stream = nullptr;  ///< a cudaStream_t

    // Knobs of this call; those that are set replace the engine's.
    std::optional<int> num_sms{};            ///< multiprocessors to use; 0: all of the device
    std::optional<hc_prenorm_config> pin{};  ///< the one configuration to use
    std::optional<bool> dependent_launch{};  ///< the kernel may start before its predecessor has ended (PDL)
};

/// D(m,n) = sum over k of A(m,k) tf32(B(n,k)) and q(m) = sum over k of A(m,k)^2, from one pass over A. A: (m, k) BF16, B: (n,
/// k) FP32, both contiguous along K; B is rounded to TF32, to nearest. D: (m, n) and q: (1, m), both FP32, summed in FP32. N is
/// 1 or more; up to 128 columns A is read once. Where rows alone would leave multiprocessors idle, CTAs share K and one of them
/// adds their sums in a fixed order, so that results are the same in every run. No rows: nothing happens; empty K: D and q
/// become zero. Host, any thread; errors are returned, and then nothing was launched.
template <engine_for<ops::hc_prenorm> Engine>
result<void> tf32_hc_prenorm_gemm(const Engine& engine, const input_matrix& a, const input_matrix& b,
                                  const output_matrix& d, const output_matrix& q,
                                  const hc_prenorm_options& options = {}) {
    return engine.template run<ops::hc_prenorm>({a, b, {d, 1}, q}, options.stream,
                                                {options.num_sms, options.pin, options.dependent_launch});
}

/// The same in as many parts of K as D has matrices, for a caller who adds them. D: matrices (m, n), q: (parts, m). With nb
/// blocks of 64 along K, part i has nb / parts of them, one more if i < nb % parts; parts without blocks become zero.
template <engine_for<ops::hc_prenorm> Engine>
result<void> tf32_hc_prenorm_gemm(const Engine& engine, const input_matrix& a, const input_matrix& b,
                                  const output_stack& d, const output_matrix& q,
                                  const hc_prenorm_options& options = {}) {
    return engine.template run<ops::hc_prenorm>({a, b, d, q}, options.stream,
                                                {options.num_sms, options.pin, options.dependent_launch});
}

}  // namespace deepgemm
