// SPDX-License-Identifier: MIT
// The named operations on groups: validate, plan and launch in one call.
#pragma once

#include <optional>

#include <deepgemm/host/engine.hpp>
#include <deepgemm/ops/grouped_gemm/operation.hpp>

namespace deepgemm {

/// Optional arguments of a grouped operation.
struct grouped_options {
    epilogue_argument
        epilogue{};          ///< steps between the products and D; alpha and bias go by group, weights by the row of D
    void* stream = nullptr;  ///< a cudaStream_t
    ready_operands ready{};  ///< operands that the stream's previous kernel does not write: weights, say

    // Knobs of this call; those that are set replace the engine's.
    std::optional<int> num_sms{};            ///< multiprocessors to use; 0: all of the device
    std::optional<config> pin{};             ///< the one configuration to use
    std::optional<bool> dependent_launch{};  ///< the kernel may start before its predecessor has ended (PDL)
};

namespace detail {

/// Runs a product in groups whose operands must be of the types that the named function takes.
template <engine_for<ops::grouped_gemm> Engine>
result<void> run_typed(const Engine& engine, const operand_types& types, const grouped_problem& problem,
                       const grouped_options& options) {
    if (auto ok = check_types(types, problem.a.first, problem.b.first); !ok) return ok;
    return engine.template run<ops::grouped_gemm>(problem, options.stream,
                                                  {options.num_sms, options.pin, options.dependent_launch});
}

}  // namespace detail

/// D[g](m,n) = A[g](m,k) x B[g](n,k)^T for the first counts[g] rows of each group g; both operands FP8 and contiguous along K,
/// scaled by blocks of 128 along K. A: 1x128 scales. B: 128x128, both FP32 or both UE8M0. D: BF16, or as
/// grouped_options::epilogue says.
///
/// Every group has a slot of M rows in A and in D, of which the first counts[g] are used. The kernel reads the counts from
/// device memory, so the host never waits for them, and a captured graph may be replayed with other counts. Rows past the count
/// are not written in D, even in a tile that contains rows before it. In A they are not used, and they and their scales may
/// hold anything. A slot's rows never reach into the next slot. A group without rows costs nothing. `expected_rows` is a hint:
/// about how many rows a group has; 0: all rows of its slot. No groups, or empty M or N: nothing happens; empty K: the rows
/// before the count become zero.
template <engine_for<ops::grouped_gemm> Engine>
result<void> m_grouped_fp8_gemm_nt_masked(const Engine& engine, const scaled_stack& a, const scaled_stack& b,
                                          const output_stack& d, const i32* counts, i64 expected_rows = 0,
                                          const grouped_options& options = {}) {
    return detail::run_typed(engine, detail::fp8_operands,
                             {a, b, d, counts, expected_rows, options.epilogue, options.ready}, options);
}

/// As m_grouped_fp8_gemm_nt_masked, of BF16 operands without scales, summed in FP32.
template <engine_for<ops::grouped_gemm> Engine>
result<void> m_grouped_bf16_gemm_nt_masked(const Engine& engine, const input_stack& a, const input_stack& b,
                                           const output_stack& d, const i32* counts, i64 expected_rows = 0,
                                           const grouped_options& options = {}) {
    return detail::run_typed(engine, detail::bf16_operands,
                             {unscaled(a), unscaled(b), d, counts, expected_rows, options.epilogue, options.ready},
                             options);
}

}  // namespace deepgemm
