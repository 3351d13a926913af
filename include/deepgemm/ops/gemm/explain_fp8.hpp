// SPDX-License-Identifier: MIT
// What happens to FP8 operands that do not lie along K, in words.
#pragma once

#include <string>

#include <deepgemm/host/explain.hpp>
#include <deepgemm/ops/gemm/transposing.hpp>

namespace deepgemm {

namespace detail {

/// What the launch does that transposes `count` operands like `x` into a workspace. `name` is that of the operand.
template <engine_for<ops::transpose> Engine>
result<std::string> explain_turn(const Engine& engine, const char* name, const input_matrix& x, i64 count) {
    const auto made = deepgemm::plan(transpose_workload{i32(x.columns), i32(x.rows), i32(count), x.type},
                                     engine.device(), engine.template kernels<ops::transpose>(), engine.knobs(),
                                     engine.template own<ops::transpose>());
    if (!made) return made.failure();
    return concat(name, " is transposed first: ", explain(*made));
}

/// What a kernel does with operand `name` that it transposes itself.
inline std::string turned_on_the_way(const char* name) {
    return concat(name, " is transposed on the way to the tensor cores\n");
}

}  // namespace detail

/// What fp8_gemm_nt() and its kin do with a product: which operands are transposed first, and the plan of what follows.
/// `problem` is checked but for its memory. Host.
template <class Engine>
    requires(engine_for<Engine, ops::gemm>&& engine_for<Engine, ops::transpose>)
result<std::string> explain_fp8_gemm(const Engine& engine, const gemm_problem& problem) {
    using detail::turned_first;
    const auto planned = [&](turned_first first) {
        const auto made = detail::turned_product::of(problem, first, {});
        return deepgemm::plan(workload_of(made.product), engine.device(), engine.template kernels<ops::gemm>(),
                              engine.knobs(), engine.template own<ops::gemm>());
    };
    if (auto ok = detail::check_gemm(problem); !ok) return ok.failure();
    const turned_first all = turned_first::all_on(engine.device(), problem);
    turned_first first = all.any() ? turned_first::but_one_of(problem) : all;
    auto plan = planned(first);
    if (!plan && plan.failure().code == errc::no_kernel && first != all)
        static_cast<void>(plan = planned(first = all));  // nvcc takes an assignment for a result that is dropped
    if (!plan) return plan.failure();
    std::string text;
    const auto tell = [&](const char* name, const input_matrix& x, bool turned, bool before) -> result<void> {
        if (!turned) return {};
        if (!before) {
            text += detail::turned_on_the_way(name);
            return {};
        }
        const auto turn = detail::explain_turn(engine, name, x, 1);
        if (!turn) return turn.failure();
        text += *turn;
        return {};
    };
    if (auto ok = tell("A", problem.a.matrix, all.a, first.a); !ok) return ok.failure();
    if (auto ok = tell("B", problem.b.matrix, all.b, first.b); !ok) return ok.failure();
    return text + explain(*plan);
}

}  // namespace deepgemm
