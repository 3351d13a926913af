// SPDX-License-Identifier: MIT
// What happens to FP8 matrices of groups of rows that do not lie along K, in words.
#pragma once

#include <string>

#include <deepgemm/ops/contiguous_gemm/transposing.hpp>
#include <deepgemm/ops/gemm/explain_fp8.hpp>

namespace deepgemm {

/// What m_grouped_fp8_gemm_nn_contiguous() does with a product, of which B is (n,k) here: whether its matrices are transposed
/// first, and the plan of what follows. `problem` is checked but for its memory. Host.
template <class Engine>
    requires(engine_for<Engine, ops::contiguous_gemm>&& engine_for<Engine, ops::transpose>)
result<std::string> explain_m_grouped_fp8_gemm(const Engine& engine, const contiguous_problem& problem) {
    if (auto ok = detail::check_contiguous(problem); !ok) return ok.failure();
    const bool turns = detail::turns_b(problem);
    const auto plan = deepgemm::plan(workload_of(turns ? detail::turned_rows(problem, nullptr) : problem),
                                     engine.device(), engine.template kernels<ops::contiguous_gemm>(), engine.knobs(),
                                     engine.template own<ops::contiguous_gemm>());
    if (!plan) return plan.failure();
    if (!turns) return explain(*plan);
    const auto turn = detail::explain_turn(engine, "B", problem.b.first.matrix, problem.b.count);
    if (!turn) return turn.failure();
    return *turn + explain(*plan);
}

}  // namespace deepgemm
