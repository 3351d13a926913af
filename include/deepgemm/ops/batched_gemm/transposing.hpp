// SPDX-License-Identifier: MIT
// Batches of FP8 operands that are contiguous along M or N, which Hopper's tensor cores do not read. Kernels with few rows of A
// transpose matrices of B on the way to their registers, so they are read once. Before others the matrices of such a stack are
// transposed into a workspace by one launch, wherever they lie, and the products, which start while it ends, read them there.
#pragma once

#include <deepgemm/host/engine.hpp>
#include <deepgemm/host/workspace.hpp>
#include <deepgemm/ops/batched_gemm/operation.hpp>
#include <deepgemm/ops/gemm/transposing.hpp>

namespace deepgemm {

/// Bytes of workspace with which a batch of FP8 operands A (m,k) and B (n,k) runs: those of all matrices of each stack that is
/// contiguous along M or N, in rows of whole cache lines; 0 if both are contiguous along K. Of B (k,n), give transposed(b).
constexpr u64 fp8_batched_gemm_workspace_bytes(const scaled_stack& a, const scaled_stack& b) {
    return detail::held_bytes(detail::turned_stack_bytes(a) + detail::turned_stack_bytes(b));
}

namespace detail {

/// Which operands of a batch lie along M or N. None if nothing is computed.
constexpr turned_first turned_of(const batched_problem& problem) {
    const input_matrix &a = problem.a.first.matrix, &b = problem.b.first.matrix;
    const bool computes = problem.a.count > 0 && problem.b.count > 0 && a.rows != 0 && b.rows != 0;
    return {computes && is_turned(a), computes && is_turned(b)};
}

/// A batch some of whose stacks lie in a workspace, and what remains as it was.
struct turned_batch {
    batched_problem given{}, product{};
    turned_first first{};
    u64 bytes = 0;  ///< of workspace

    static turned_batch of(const batched_problem& given, turned_first first, const workspace_memory& workspace) {
        const auto places =
            turned_places::of(workspace, first, turned_stack_bytes(given.a), turned_stack_bytes(given.b));
        turned_batch made{given, given, first, places.bytes};
        places.move(made.product, first);
        return made;
    }

    /// Checks the batch against its rules, stacks that are transposed against those of tensor maps, and memory with the whole
    /// workspace.
    result<void> check(const workspace_memory& workspace) const {
        if (auto ok = check_batch(product); !ok) return ok;
        const auto as_given = [](const char* name, const scaled_stack& x) -> result<void> {
            if (auto ok = check_rows(name, transposed(x.first.matrix), as_columns); !ok) return ok;
            return check_stack(name, x.first.matrix, x.count, x.matrix_stride);
        };
        if (first.a) {
            if (auto ok = as_given("A", given.a); !ok) return ok;
        }
        if (first.b) {
            if (auto ok = as_given("B", given.b); !ok) return ok;
        }
        if (auto ok = check_size(workspace, bytes, first); !ok) return ok;
        memory_list<7> list;
        if (first.any()) list.add(memory_of(workspace, "operands in it must start at one"));
        for (const memory_use& use : memory_of(given)) list.add(use);
        return check_memory(list);
    }
};

/// True for a batch of which a kernel had better transpose B on the way: few rows of A, which lies along K.
constexpr bool turns_on_the_way(const batched_problem& problem) {
    const turned_first all = turned_of(problem);
    return all.b && !all.a && problem.a.first.matrix.rows <= turned_first::few;
}

/// Runs a batch after the transpositions that `first` names. Nothing is launched if there is an error.
template <class Engine, class Options>
result<void> run_turned(const Engine& engine, const batched_problem& problem, turned_first first,
                        const Options& options) {
    return run_made<ops::batched_gemm>(engine, turned_batch::of(problem, first, options.workspace), options.workspace,
                                       options);
}

/// Runs a batch of which at least one stack is turned: the better way, or the other one if there is no kernel for it.
template <class Engine, class Options>
    requires(engine_for<Engine, ops::batched_gemm>&& engine_for<Engine, ops::transpose>)
result<void> run_turned(const Engine& engine, const batched_problem& problem, const Options& options) {
    if (turns_on_the_way(problem)) {
        const auto done = run_turned(engine, problem, turned_first{}, options);
        if (done || done.failure().code != errc::no_kernel) return done;
    }
    return run_turned(engine, problem, turned_of(problem), options);
}

}  // namespace detail

}  // namespace deepgemm
