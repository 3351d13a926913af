// SPDX-License-Identifier: MIT
// What happens to the FP8 operands of a batch that do not lie along K, in words.
#pragma once

#include <string>

#include <deepgemm/ops/batched_gemm/transposing.hpp>
#include <deepgemm/ops/gemm/explain_fp8.hpp>

namespace deepgemm {

/// What fp8_batched_gemm_nt() and the einsums do with a batch: which operands are transposed first, and the plan of what follows.
/// `problem` is checked but for its memory. Host.
template <class Engine>
    requires(engine_for<Engine, ops::batched_gemm>&& engine_for<Engine, ops::transpose>)
result<std::string> explain_fp8_batched_gemm(const Engine& engine, const batched_problem& problem) {
    const auto made = detail::turned_batch::of(problem, {});
    if (auto ok = detail::check_batch(made.product); !ok) return ok.failure();
    std::string text;
    const auto tell = [&](const char* name, const scaled_stack& x, bool turned) -> result<void> {
        if (!turned) return {};
        const auto turn = detail::explain_turn(engine, name, x.first.matrix, x.count);
        if (!turn) return turn.failure();
        text += *turn;
        return {};
    };
    const auto plan =
        deepgemm::plan(workload_of(made.product), engine.device(), engine.template kernels<ops::batched_gemm>(),
                       engine.knobs(), engine.template own<ops::batched_gemm>());
    if (!plan) return plan.failure();
    if (auto ok = tell("A", problem.a, made.first.a); !ok) return ok.failure();
    if (auto ok = tell("B", problem.b, made.first.b); !ok) return ok.failure();
    return text + explain(*plan);
}

}  // namespace deepgemm
