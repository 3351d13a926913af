// SPDX-License-Identifier: MIT
// The named operations on batches: validate, plan and launch in one call. einsum.hpp has those of three-dimensional tensors.
#pragma once

#include <optional>

#include <deepgemm/host/engine.hpp>
#include <deepgemm/ops/batched_gemm/operation.hpp>
#include <deepgemm/ops/batched_gemm/transposing.hpp>

namespace deepgemm {

/// Optional arguments of a batch.
struct batched_options {
    bool accumulate = false;  ///< D, in FP32, becomes D plus the products
    void* stream = nullptr;   ///< a cudaStream_t
    ready_operands ready{};   ///< operands that the stream's previous kernel does not write: weights, say
    workspace_memory
        workspace{};  ///< for FP8 operands that are not contiguous along K: fp8_batched_gemm_workspace_bytes()

    // Knobs of this call; those that are set replace the engine's.
    std::optional<int> num_sms{};            ///< multiprocessors to use; 0: all of the device
    std::optional<config> pin{};             ///< the one configuration to use
    std::optional<bool> dependent_launch{};  ///< the kernel may start before its predecessor has ended (PDL)
};

/// The same operands with rows and columns of each matrix exchanged; memory stays as it is.
constexpr input_stack transposed(const same_as<input_stack> auto& x) {
    return {transposed(x.first), x.count, x.matrix_stride};
}

namespace detail {

/// Runs a batch with the options of its call. FP8 operands that are not contiguous along K are transposed before, if the engine
/// can do that; one that cannot has only the kernels that transpose on the way.
template <engine_for<ops::batched_gemm> Engine>
result<void> run_batch(const Engine& engine, const batched_problem& problem, const batched_options& options) {
    if constexpr (engine_for<Engine, ops::transpose>) {
        if (turned_of(problem).any()) return run_turned(engine, problem, options);
    }
    auto done = engine.template run<ops::batched_gemm>(problem, options.stream,
                                                       {options.num_sms, options.pin, options.dependent_launch});
    if constexpr (!engine_for<Engine, ops::transpose>) {
        if (!done) return untransposed(done.failure(), turned_of(problem), "batched_options::workspace");
    }
    return done;
}

/// Runs a batch whose operands must be of the types that the named function takes.
template <engine_for<ops::batched_gemm> Engine>
result<void> run_batch(const Engine& engine, const operand_types& types, const scaled_stack& a, const scaled_stack& b,
                       const output_stack& d, const batched_options& options) {
    if (auto ok = check_types(types, a.first, b.first); !ok) return ok;
    return run_batch(engine, {.a = a, .b = b, .d = d, .accumulate = options.accumulate, .ready = options.ready},
                     options);
}

template <engine_for<ops::batched_gemm> Engine>
result<void> half_batch(const Engine& engine, const operand_types& types, const input_stack& a, const input_stack& b,
                        const output_stack& d, const batched_options& options) {
    return run_batch(engine, types, unscaled(a), unscaled(b), d, options);
}

}  // namespace detail

// The last two letters of a name say how the matrices of A and B are stored, as in ops/gemm/gemm.hpp. Each stack has a distance
// between its matrices and a pitch of its own; the distance may be smaller than the pitch, so that matrices lie row by row
// among each other. Errors call A M x K and B N x K in any case.

/// D[s](m,n) = [D[s](m,n) +] A[s](m,k) x B[s](n,k)^T for each matrix s, operands BF16, summed in FP32. D: BF16 or FP32; what it
/// holds is added if options.accumulate, in FP32. No matrices, or empty M or N: nothing happens; empty K: D becomes zero, or
/// stays as it is if it accumulates.
template <engine_for<ops::batched_gemm> Engine>
result<void> bf16_batched_gemm_nt(const Engine& engine, const input_stack& a, const input_stack& b,
                                  const output_stack& d, const batched_options& options = {}) {
    return detail::half_batch(engine, detail::bf16_operands, a, b, d, options);
}

/// As bf16_batched_gemm_nt, with matrices (k,n) of B.
template <engine_for<ops::batched_gemm> Engine>
result<void> bf16_batched_gemm_nn(const Engine& engine, const input_stack& a, const input_stack& b,
                                  const output_stack& d, const batched_options& options = {}) {
    return detail::half_batch(engine, detail::bf16_operands, a, transposed(b), d, options);
}

/// As bf16_batched_gemm_nt, with matrices (k,m) of A and (k,n) of B.
template <engine_for<ops::batched_gemm> Engine>
result<void> bf16_batched_gemm_tn(const Engine& engine, const input_stack& a, const input_stack& b,
                                  const output_stack& d, const batched_options& options = {}) {
    return detail::half_batch(engine, detail::bf16_operands, transposed(a), transposed(b), d, options);
}

/// As bf16_batched_gemm_nt, with matrices (k,m) of A.
template <engine_for<ops::batched_gemm> Engine>
result<void> bf16_batched_gemm_tt(const Engine& engine, const input_stack& a, const input_stack& b,
                                  const output_stack& d, const batched_options& options = {}) {
    return detail::half_batch(engine, detail::bf16_operands, transposed(a), b, d, options);
}

/// As bf16_batched_gemm_nt, with FP16 operands. D: FP16; FP32 by kernels of your own.
template <engine_for<ops::batched_gemm> Engine>
result<void> f16_batched_gemm_nt(const Engine& engine, const input_stack& a, const input_stack& b,
                                 const output_stack& d, const batched_options& options = {}) {
    return detail::half_batch(engine, detail::f16_operands, a, b, d, options);
}

/// As bf16_batched_gemm_nn, with FP16 operands. D: FP16; FP32 by kernels of your own.
template <engine_for<ops::batched_gemm> Engine>
result<void> f16_batched_gemm_nn(const Engine& engine, const input_stack& a, const input_stack& b,
                                 const output_stack& d, const batched_options& options = {}) {
    return detail::half_batch(engine, detail::f16_operands, a, transposed(b), d, options);
}

/// As bf16_batched_gemm_tn, with FP16 operands. D: FP16; FP32 by kernels of your own.
template <engine_for<ops::batched_gemm> Engine>
result<void> f16_batched_gemm_tn(const Engine& engine, const input_stack& a, const input_stack& b,
                                 const output_stack& d, const batched_options& options = {}) {
    return detail::half_batch(engine, detail::f16_operands, transposed(a), transposed(b), d, options);
}

/// As bf16_batched_gemm_tt, with FP16 operands. D: FP16; FP32 by kernels of your own.
template <engine_for<ops::batched_gemm> Engine>
result<void> f16_batched_gemm_tt(const Engine& engine, const input_stack& a, const input_stack& b,
                                 const output_stack& d, const batched_options& options = {}) {
    return detail::half_batch(engine, detail::f16_operands, transposed(a), b, d, options);
}

/// D[s](m,n) = [D[s](m,n) +] A[s](m,k) x B[s](n,k)^T for each matrix s, both operands FP8, scaled by blocks of 128 along K. A:
/// 1x128 scales, MN-major or K-major, and B 128x128; D BF16. Or 1x128 and MN-major of both; D BF16 or FP32, which is added to
/// what it holds if options.accumulate. The scales of a matrix lie at a distance of their own from those of the one before.
///
/// Operands are contiguous along K. Matrices that are contiguous along M or N instead are transposed into options.workspace
/// before, a launch for each operand, by an engine that serves ops::transpose, too; the products start while the last one ends.
/// Of up to 128 rows of A, with K-major scales, kernels transpose B on the way, and no workspace is used. Nothing is launched
/// if there is an error.
template <engine_for<ops::batched_gemm> Engine>
result<void> fp8_batched_gemm_nt(const Engine& engine, const scaled_stack& a, const scaled_stack& b,
                                 const output_stack& d, const batched_options& options = {}) {
    return detail::run_batch(engine, detail::fp8_operands, a, b, d, options);
}

}  // namespace deepgemm
