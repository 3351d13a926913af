// SPDX-License-Identifier: MIT
// What happens to FP8 operands of groups of K that do not lie along K, in words.
#pragma once

#include <string>
#include <tuple>

#include <deepgemm/ops/gemm/explain_fp8.hpp>
#include <deepgemm/ops/k_grouped_gemm/transposing.hpp>

namespace deepgemm {

/// What k_grouped_fp8_gemm_tn_contiguous() does with a product, of which A is (m,k) and B (n,k) here: which operands are
/// transposed first, and the plan of what follows. `problem` is checked but for its memory. Host.
template <class Engine>
    requires(engine_for<Engine, ops::k_grouped_gemm>&& engine_for<Engine, ops::transpose>)
result<std::string> explain_k_grouped_fp8_gemm(const Engine& engine, k_grouped_problem problem) {
    if (auto ok = detail::as_rows_of_tokens(problem); !ok) return ok.failure();
    if (auto ok = detail::check_k_grouped(problem); !ok) return ok.failure();
    const auto made = detail::turned_k_groups::of(problem, {});
    const auto plan =
        deepgemm::plan(workload_of(made.product), engine.device(), engine.template kernels<ops::k_grouped_gemm>(),
                       engine.knobs(), engine.template own<ops::k_grouped_gemm>());
    if (!plan) return plan.failure();
    std::string text;
    for (const auto& [name, x, turned] :
         {std::tuple{"A", &problem.a.matrix, made.first.a}, {"B", &problem.b.matrix, made.first.b}}) {
        if (!turned) continue;
        const auto turn = detail::explain_turn(engine, name, *x, 1);
        if (!turn) return turn.failure();
        text += *turn;
    }
    return text + explain(*plan);
}

}  // namespace deepgemm
