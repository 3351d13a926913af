// SPDX-License-Identifier: MIT
// The named operations: validate, plan and launch in one call. Every function returns an error instead of doing half a job;
// or_throw() of host/exception.hpp makes exceptions of them.
#pragma once

#include <deepgemm/host/engine.hpp>

namespace deepgemm {

/// What an operation can do without.
struct gemm_options {
    std::optional<input_matrix> c{};  ///< added to the product in FP32; may be D itself
    void* stream = nullptr;           ///< a cudaStream_t
};

/// D(m,n) = [C(m,n) +] A(m,k) x B(n,k)^T, both operands FP8 and contiguous along K, scaled by blocks of 128 along K.
/// A: 1x128 scales. B: 128x128 or 1x128. D: BF16 or FP32. Empty M or N: nothing happens; empty K: D becomes C or zero.
inline result<void> fp8_gemm_nt(const engine& engine, const scaled_matrix& a, const scaled_matrix& b,
                                const output_matrix& d, const gemm_options& options = {}) {
    return engine.run({.a = a, .b = b, .d = d, .c = options.c}, options.stream);
}

/// As fp8_gemm_nt, but D has a hole in every head: of each left + right columns of the product the first `left` and the last
/// `right` land with `middle` columns between them, which stay as they were. D is BF16, (m, n + n / (left + right) * middle).
inline result<void> fp8_gemm_nt_skip_head_mid(const engine& engine, const scaled_matrix& a, const scaled_matrix& b,
                                              const output_matrix& d, const head_splits& heads,
                                              void* stream = nullptr) {
    const gemm_problem problem{.a = a, .b = b, .d = d, .heads = heads};
    if (!heads.any()) return detail::check_heads(problem);
    return engine.run(problem, stream);
}

}  // namespace deepgemm
