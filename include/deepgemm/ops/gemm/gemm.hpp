// SPDX-License-Identifier: MIT
// The named functions of the dense GEMM: validate, plan and launch in one call, through any engine that serves ops::gemm. Every
// function returns an error instead of doing half of its work; or_throw() of host/exception.hpp turns errors into exceptions.
#pragma once

#include <optional>

#include <deepgemm/host/engine.hpp>
#include <deepgemm/ops/gemm/operation.hpp>
#include <deepgemm/ops/gemm/scale_packer.hpp>
#include <deepgemm/ops/gemm/transposing.hpp>

namespace deepgemm {

/// Optional arguments of a GEMM.
struct gemm_options {
    std::optional<input_matrix> c{};  ///< added to the product in FP32; may be D itself
    epilogue_argument epilogue{};     ///< steps between the product and D: alpha, bias, an activation, a cast
    void* stream = nullptr;           ///< a cudaStream_t
    ready_operands ready{};           ///< operands that the stream's previous kernel does not write: weights, say
    /// On Hopper for FP8 operands that are not contiguous along K: fp8_gemm_workspace_bytes(). On Blackwell for the words that
    /// `packer` makes: packed_scales_bytes().
    workspace_memory workspace{};
    bool promoted = false;  ///< FP8 whose scales hold for all of K: as gemm_problem::promoted
    /// Packs scales in FP32 that are powers of two, on Blackwell alone (packed_scales.hpp); null: such products are refused
    /// there.
    const scale_packer* packer = nullptr;

    // Knobs of this call; those that are set replace the engine's.
    std::optional<int> num_sms{};            ///< multiprocessors to use; 0: all of the device
    std::optional<config> pin{};             ///< the one configuration to use
    std::optional<bool> dependent_launch{};  ///< the kernel may start before its predecessor has ended (PDL)
};

namespace detail {

/// Packs the scales of a product, then runs it. Nothing is launched unless there is a kernel for it.
template <engine_for<ops::gemm> Engine>
result<void> run_packed_first(const Engine& engine, const gemm_problem& problem, const gemm_options& options,
                              const call_knobs<ops::gemm>& knobs) {
    const auto product = options.packer->prepared(problem, options.workspace);
    if (!product) return product.failure();
    if (auto ok = engine.template settle<ops::gemm>(*product, knobs); !ok) return ok;
    if (auto ok = options.packer->pack(problem, options.workspace, options.stream); !ok) return ok;
    return engine.template run<ops::gemm>(*product, options.stream, knobs);
}

/// Runs a product with the options of its call. FP8 operands that are not contiguous along K are transposed before on Hopper,
/// if the engine can do that; one that cannot refuses them. On Blackwell scales in FP32 are packed before.
template <engine_for<ops::gemm> Engine>
result<void> run(const Engine& engine, const gemm_problem& problem, const gemm_options& options) {
    const turned_first turned = turned_first::all_on(engine.device(), problem);
    if constexpr (engine_for<Engine, ops::transpose>) {
        if (turned.any()) return run_turned(engine, problem, options);
    }
    const call_knobs<ops::gemm> knobs{options.num_sms, options.pin, options.dependent_launch};
    const bool blackwell = engine.device().arch / 10 == arch::sm100::number / 10;
    if (blackwell && options.packer != nullptr && problem.a.matrix.columns > 0 && !is_empty(problem) &&
        packed_scales_bytes(problem) != 0)
        return run_packed_first(engine, problem, options, knobs);
    auto done = engine.template run<ops::gemm>(problem, options.stream, knobs);
    if constexpr (!engine_for<Engine, ops::transpose>) {
        if (!done) return untransposed(done.failure(), turned, "gemm_options::workspace");
    }
    return done;
}

/// Runs a product whose operands must be of the types that the named function takes.
template <engine_for<ops::gemm> Engine>
result<void> run_typed(const Engine& engine, const operand_types& types, const gemm_problem& problem,
                       const gemm_options& options) {
    if (auto ok = check_types(types, problem.a, problem.b); !ok) return ok;
    return run(engine, problem, options);
}

template <engine_for<ops::gemm> Engine>
result<void> fp8_gemm(const Engine& engine, const scaled_matrix& a, const scaled_matrix& b, const output_matrix& d,
                      const gemm_options& options) {
    return run_typed(engine, small_operands,
                     {.a = a,
                      .b = b,
                      .d = d,
                      .c = options.c,
                      .epilogue = options.epilogue,
                      .ready = options.ready,
                      .promoted = options.promoted},
                     options);
}

/// A product of operands without scales, which must be of `types`.
template <engine_for<ops::gemm> Engine>
result<void> half_gemm(const Engine& engine, const operand_types& types, const input_matrix& a, const input_matrix& b,
                       const output_matrix& d, const gemm_options& options) {
    return run_typed(engine, types,
                     {.a = unscaled(a),
                      .b = unscaled(b),
                      .d = d,
                      .c = options.c,
                      .epilogue = options.epilogue,
                      .ready = options.ready,
                      .promoted = options.promoted},
                     options);
}

}  // namespace detail

// The last two letters of a name say how A and B are stored. Memory is read as it is stored in any case, and errors call A M x
// K and B N x K.
//
//     nt   A (m,k), B (n,k)        nn   A (m,k), B (k,n)        tn   A (k,m), B (k,n)        tt   A (k,m), B (n,k)

/// D(m,n) = [C(m,n) +] A(m,k) x B(n,k)^T, both operands FP8 and contiguous along K. Scaled by blocks of 128 along K, A has
/// 1x128 scales and B 128x128 or 1x128. On Blackwell either operand may be FP4 (e2m1x2, strides and extents in elements, two
/// to a byte), and scales are packed: ue8m0 of 1x32, 1x128, 32x32 or 128x128, each operand its own, or ue4m3 of 1x16 for FP4
/// on both sides. Or scales hold for all of K: for each operand one a row (per_row_scales), one for all of it
/// (per_tensor_scale) or none (unscaled), in FP32, applied once to sums of the tensor core; gemm_options::promoted. D: BF16
/// or FP32; or FP8 with scales, as gemm_options::epilogue says. Empty M or N: nothing happens; empty K: D becomes C, or what
/// the epilogue makes of zero.
template <engine_for<ops::gemm> Engine>
result<void> fp8_gemm_nt(const Engine& engine, const scaled_matrix& a, const scaled_matrix& b, const output_matrix& d,
                         const gemm_options& options = {}) {
    return detail::fp8_gemm(engine, a, b, d, options);
}

/// As fp8_gemm_nt, with B (k,n), contiguous along either dimension. Rows and columns of its scales are exchanged: a scale
/// still covers 128 elements of K of 128 columns, or of one, at (k / 128, n / 128) or (k / 128, n). Hopper multiplies FP8
/// only if K is contiguous; a B whose rows are contiguous instead is transposed into gemm_options::workspace before, by an
/// engine that serves ops::transpose.
template <engine_for<ops::gemm> Engine>
result<void> fp8_gemm_nn(const Engine& engine, const scaled_matrix& a, const scaled_matrix& b, const output_matrix& d,
                         const gemm_options& options = {}) {
    return detail::fp8_gemm(engine, a, transposed(b), d, options);
}

/// As fp8_gemm_nn, with A (k,m) and B (k,n). A's scales are at (k / 128, m); A is transposed before, too, if its rows are
/// contiguous.
template <engine_for<ops::gemm> Engine>
result<void> fp8_gemm_tn(const Engine& engine, const scaled_matrix& a, const scaled_matrix& b, const output_matrix& d,
                         const gemm_options& options = {}) {
    return detail::fp8_gemm(engine, transposed(a), transposed(b), d, options);
}

/// As fp8_gemm_tn, with B (n,k), whose scales are as those of fp8_gemm_nt.
template <engine_for<ops::gemm> Engine>
result<void> fp8_gemm_tt(const Engine& engine, const scaled_matrix& a, const scaled_matrix& b, const output_matrix& d,
                         const gemm_options& options = {}) {
    return detail::fp8_gemm(engine, transposed(a), b, d, options);
}

/// As fp8_gemm_nt, but D has a gap in every head: of each left + right columns of the product, the first `left` and the last
/// `right` are stored with `middle` columns between them, which are not written. D is BF16, (m, n + n / (left + right) *
/// middle). It takes no C.
template <engine_for<ops::gemm> Engine>
result<void> fp8_gemm_nt_skip_head_mid(const Engine& engine, const scaled_matrix& a, const scaled_matrix& b,
                                       const output_matrix& d, const head_splits& heads,
                                       const gemm_options& options = {}) {
    const gemm_problem problem{.a = a,
                               .b = b,
                               .d = d,
                               .c = options.c,
                               .heads = heads,
                               .epilogue = options.epilogue,
                               .ready = options.ready,
                               .promoted = options.promoted};
    if (!heads.any()) return detail::check_heads(workload_of(problem));
    return detail::run(engine, problem, options);
}
/// The same with a stream only.
template <engine_for<ops::gemm> Engine>
result<void> fp8_gemm_nt_skip_head_mid(const Engine& engine, const scaled_matrix& a, const scaled_matrix& b,
                                       const output_matrix& d, const head_splits& heads, void* stream) {
    return fp8_gemm_nt_skip_head_mid(engine, a, b, d, heads, {.stream = stream});
}

/// D(m,n) = [C(m,n) +] A(m,k) x B(n,k)^T, both operands BF16, each contiguous along either of its dimensions, summed in FP32.
/// D: BF16 or FP32. Empty M or N: nothing happens; empty K: D becomes C or zero.
template <engine_for<ops::gemm> Engine>
result<void> bf16_gemm_nt(const Engine& engine, const input_matrix& a, const input_matrix& b, const output_matrix& d,
                          const gemm_options& options = {}) {
    return detail::half_gemm(engine, detail::bf16_operands, a, b, d, options);
}

/// As bf16_gemm_nt, with A (m,k) and B (k,n).
template <engine_for<ops::gemm> Engine>
result<void> bf16_gemm_nn(const Engine& engine, const input_matrix& a, const input_matrix& b, const output_matrix& d,
                          const gemm_options& options = {}) {
    return detail::half_gemm(engine, detail::bf16_operands, a, transposed(b), d, options);
}

/// As bf16_gemm_nt, with A (k,m) and B (k,n).
template <engine_for<ops::gemm> Engine>
result<void> bf16_gemm_tn(const Engine& engine, const input_matrix& a, const input_matrix& b, const output_matrix& d,
                          const gemm_options& options = {}) {
    return detail::half_gemm(engine, detail::bf16_operands, transposed(a), transposed(b), d, options);
}

/// As bf16_gemm_nt, with A (k,m) and B (n,k).
template <engine_for<ops::gemm> Engine>
result<void> bf16_gemm_tt(const Engine& engine, const input_matrix& a, const input_matrix& b, const output_matrix& d,
                          const gemm_options& options = {}) {
    return detail::half_gemm(engine, detail::bf16_operands, transposed(a), b, d, options);
}

/// As bf16_gemm_nt, with operands in TF32, which are FP32 in memory (dtype::tf32): TMA rounds each to 19 bits, to nearest even.
/// Blackwell.
template <engine_for<ops::gemm> Engine>
result<void> tf32_gemm_nt(const Engine& engine, const input_matrix& a, const input_matrix& b, const output_matrix& d,
                          const gemm_options& options = {}) {
    return detail::half_gemm(engine, detail::tf32_operands, a, b, d, options);
}

/// As bf16_gemm_nt, with FP16 operands.
template <engine_for<ops::gemm> Engine>
result<void> f16_gemm_nt(const Engine& engine, const input_matrix& a, const input_matrix& b, const output_matrix& d,
                         const gemm_options& options = {}) {
    return detail::half_gemm(engine, detail::f16_operands, a, b, d, options);
}

/// As bf16_gemm_nn, with FP16 operands.
template <engine_for<ops::gemm> Engine>
result<void> f16_gemm_nn(const Engine& engine, const input_matrix& a, const input_matrix& b, const output_matrix& d,
                         const gemm_options& options = {}) {
    return detail::half_gemm(engine, detail::f16_operands, a, transposed(b), d, options);
}

/// As bf16_gemm_tn, with FP16 operands.
template <engine_for<ops::gemm> Engine>
result<void> f16_gemm_tn(const Engine& engine, const input_matrix& a, const input_matrix& b, const output_matrix& d,
                         const gemm_options& options = {}) {
    return detail::half_gemm(engine, detail::f16_operands, transposed(a), transposed(b), d, options);
}

/// As bf16_gemm_tt, with FP16 operands.
template <engine_for<ops::gemm> Engine>
result<void> f16_gemm_tt(const Engine& engine, const input_matrix& a, const input_matrix& b, const output_matrix& d,
                         const gemm_options& options = {}) {
    return detail::half_gemm(engine, detail::f16_operands, transposed(a), b, d, options);
}

}  // namespace deepgemm
