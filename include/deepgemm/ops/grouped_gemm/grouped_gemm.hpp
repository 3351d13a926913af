// SPDX-License-Identifier: MIT
// The named operations on groups: validate, plan and launch in one call.
#pragma once

#include <optional>
#include <utility>

#include <deepgemm/host/engine.hpp>
#include <deepgemm/ops/grouped_gemm/operation.hpp>

namespace deepgemm {

/// What a grouped operation can do without.
struct grouped_options {
    void* stream = nullptr;  ///< a cudaStream_t
    ready_operands ready{};  ///< which operands the stream's previous kernel surely did not write: weights, say

    // Knobs of this call in place of the engine's, where they are set.
    std::optional<int> num_sms{};            ///< multiprocessors to use; 0: all of the device
    std::optional<config> pin{};             ///< the one configuration to use
    std::optional<bool> dependent_launch{};  ///< the kernel may start before its predecessor has ended (PDL)
};

/// D[g](m,n) = A[g](m,k) x B[g](n,k)^T for the first counts[g] rows of each group g; both operands FP8 and contiguous along K, scaled by
/// blocks of 128 along K. A: 1x128 scales. B: 128x128. D: BF16.
///
/// Every group has a slot of M rows in A and in D, of which counts[g] count. The counts lie in device memory, where the kernel reads
/// them: the host never waits for them, and a captured graph may be replayed with others. Rows past the count stay as they were in D,
/// even in a tile that has some before it, and are not used in A, whatever they hold; their scales may be anything, too. Neither reaches
/// into the next group's slot. A group without rows costs nothing. `expected_rows` is a hint: about how many rows a group has; 0: as many
/// as its slot. No groups, or empty M or N: nothing happens; empty K: the rows that count become zero.
template <engine_for<ops::grouped_gemm> Engine>
result<void> m_grouped_fp8_gemm_nt_masked(const Engine& engine, const scaled_stack& a, const scaled_stack& b,
                                          const output_stack& d, const i32* counts, i64 expected_rows = 0,
                                          const grouped_options& options = {}) {
    for (const auto& [name, type] : {std::pair{"A", a.first.matrix.type}, {"B", b.first.matrix.type}}) {
        if (!detail::is_fp8(type))
            return fail(errc::unsupported_type, name, " is ", type, "; an FP8 GEMM takes e4m3 or e5m2");
    }
    const grouped_problem problem{a, b, d, counts, expected_rows, options.ready};
    return engine.template run<ops::grouped_gemm>(problem, options.stream,
                                                  {options.num_sms, options.pin, options.dependent_launch});
}

}  // namespace deepgemm
