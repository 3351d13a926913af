// SPDX-License-Identifier: MIT
// What happens to the FP8 operands of a batch that do not lie along K, in words.
#pragma once

#include <string>

#include <deepgemm/ops/batched_gemm/transposing.hpp>
#include <deepgemm/ops/gemm/explain_fp8.hpp>

namespace deepgemm {

/// What fp8_batched_gemm_nt() and the einsums do with a batch: which operands are transposed first, and the plan of what
/// follows. `problem` is checked but for its memory. Host.
template <class Engine>
    requires(engine_for<Engine, ops::batched_gemm>&& engine_for<Engine, ops::transpose>)
result<std::string> explain_fp8_batched_gemm(const Engine& engine, const batched_problem& problem) {
    using detail::turned_batch, detail::turned_first;
    const turned_first all = detail::turned_of(problem);
    turned_first first = detail::turns_on_the_way(problem) ? turned_first{} : all;
    const auto planned = [&] {
        return deepgemm::plan(workload_of(turned_batch::of(problem, first, {}).product), engine.device(),
                              engine.template kernels<ops::batched_gemm>(), engine.knobs(),
                              engine.template own<ops::batched_gemm>());
    };
    if (auto ok = detail::check_batch(problem); !ok) return ok.failure();
    auto plan = planned();
    if (!plan && plan.failure().code == errc::no_kernel && first != all) {
        first = all;
        static_cast<void>(plan = planned());  // nvcc takes an assignment for a result that is dropped
    }
    if (!plan) return plan.failure();
    std::string text;
    const auto tell = [&](const char* name, const scaled_stack& x, bool turned, bool before) -> result<void> {
        if (!turned) return {};
        const auto turn = before ? detail::explain_turn(engine, name, x.first.matrix, x.count)
                                 : result<std::string>(detail::turned_on_the_way(name));
        if (!turn) return turn.failure();
        text += *turn;
        return {};
    };
    if (auto ok = tell("A", problem.a, all.a, first.a); !ok) return ok.failure();
    if (auto ok = tell("B", problem.b, all.b, first.b); !ok) return ok.failure();
    return text + explain(*plan);
}

}  // namespace deepgemm
