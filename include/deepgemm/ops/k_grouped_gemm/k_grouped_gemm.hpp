// SPDX-License-Identifier: MIT
// The named operations on groups of K: validate, plan and launch in one call.
#pragma once

#include <optional>

#include <deepgemm/host/engine.hpp>
#include <deepgemm/ops/k_grouped_gemm/operation.hpp>

namespace deepgemm {

/// Optional arguments of an operation on groups of K.
struct k_grouped_options {
    std::optional<input_stack> c{};  ///< added to the products in FP32; may be D itself, which is fastest
    void* stream = nullptr;          ///< a cudaStream_t
    ready_operands ready{};          ///< operands that the stream's previous kernel does not write

    // Knobs of this call; those that are set replace the engine's.
    std::optional<int> num_sms{};            ///< multiprocessors to use; 0: all of the device
    std::optional<config> pin{};             ///< the one configuration to use
    std::optional<bool> dependent_launch{};  ///< the kernel may start before its predecessor has ended (PDL)
};

namespace detail {

/// Groups [first, first + count) of a problem whose operands are concatenated.
inline k_grouped_problem some_groups(const k_grouped_problem& all, i64 first, i64 count) {
    k_grouped_problem made = all;
    const auto sum = [&all](i64 begin, i64 end) {
        i64 k = 0;
        for (i64 g = begin; g < end; ++g) k += all.groups.host_sizes[g];
        return k;
    };
    const i64 before = sum(0, first), k = sum(first, first + count);
    for (scaled_matrix* const x : {&made.a, &made.b}) {
        x->matrix.data = static_cast<const u8*>(x->matrix.data) + x->matrix.rows * before * size_of(x->matrix.type);
        x->matrix.columns = k;
        if (x->scales.kind == scale_kind::none) continue;
        const i64 of_word = k_per_word(x->scales.kind, x->scales.tile);
        x->scales.data =
            static_cast<const u32*>(x->scales.data) + words_of(all.groups, 0, first, of_word) * x->scales.column_stride;
        x->scales.columns = words_of(all.groups, first, first + count, of_word);
    }
    const auto matrices = [first, count](auto& stack, auto* bytes) {
        stack.first.data = bytes + first * stack.matrix_stride * size_of(stack.first.type);
        stack.count = count;
    };
    matrices(made.d, static_cast<u8*>(made.d.first.data));
    if (made.c) matrices(*made.c, static_cast<const u8*>(made.c->first.data));
    made.groups.count = count;
    made.groups.data += first;
    made.groups.host_sizes += first;
    return made;
}

/// Checks the groups of operands that have a row for each element of K. There concatenated groups are rows one after another,
/// as those of a list by size are; so they become such.
inline result<void> as_rows_of_tokens(k_grouped_problem& given) {
    k_group_list& groups = given.groups;
    if (!groups.concatenated) return {};
    if (auto ok = check_concatenated(groups, whole_of(given), max_extent); !ok) return ok;
    groups = k_groups_by_size(groups.data, groups.count);
    return {};
}

/// Runs a product in groups of K whose operands must be of the types that the named function takes. Concatenated operands with
/// more groups than a launch takes are run part after part.
template <engine_for<ops::k_grouped_gemm> Engine>
result<void> run_typed(const Engine& engine, const operand_types& types, const k_grouped_problem& problem,
                       const k_grouped_options& options) {
    if (auto ok = check_types(types, problem.a, problem.b); !ok) return ok;
    const call_knobs<ops::k_grouped_gemm> knobs{options.num_sms, options.pin, options.dependent_launch};
    const auto run = [&](const k_grouped_problem& given) {
        return engine.template run<ops::k_grouped_gemm>(given, options.stream, knobs);
    };
    constexpr i64 most = concatenated_k_groups::map_tables;
    const i64 count = problem.groups.count;
    if (!problem.groups.concatenated || count <= most) return run(problem);
    // Nothing is launched unless all parts can be.
    if (auto ok = check_k_grouped(problem, max_extent); !ok || is_empty(workload_of(problem))) return ok;
    if (auto ok = check_memory(memory_of(problem)); !ok) return ok;
    const auto for_each_part = [&](const auto& body) -> result<void> {
        for (i64 first = 0; first < count; first += most) {
            if (auto ok = body(some_groups(problem, first, min(most, count - first))); !ok) return ok;
        }
        return {};
    };
    const auto settle = [&](const k_grouped_problem& part) {
        return engine.template settle<ops::k_grouped_gemm>(part, knobs);
    };
    if (auto ok = for_each_part(settle); !ok) return ok;
    return for_each_part(run);
}

}  // namespace detail

/// D[g](m,n) = [C[g](m,n) +] A(m,k) x B(n,k)^T over the k of each group g; both operands FP8 and contiguous along K, with 1x128
/// scales that are contiguous along M and N, FP32 or packed UE8M0 (k_grouped_scales()). D: FP32 or BF16.
///
/// Groups follow each other along K and share M and N, and each has a matrix of D. `groups` says where they lie and how:
/// k_groups_by_size() and k_groups_by_end() if a row of A, and of B, holds all groups, each from a multiple of 128 elements on;
/// concatenated_groups() if each group has matrices with rows of its own length, one after another. The kernel reads the list
/// from device memory, so the host never waits for it, and a captured graph may be replayed with another one; but not if
/// operands are concatenated. K is a multiple of 16; a group of any size is right. If it is no multiple of 16, the elements of
/// A and B up to the next one are multiplied, too, so they must be zero; all others between groups, and the scales of blocks
/// that no group has, are not used.
///
/// k_grouped_options::c may be D itself, and then D += the products, by additions in L2, each element once, so that results do
/// not depend on the order; D of a group without K stays as it is. Without C it becomes zero. No groups, or empty M or N:
/// nothing happens.
template <engine_for<ops::k_grouped_gemm> Engine>
result<void> k_grouped_fp8_gemm_nt_contiguous(const Engine& engine, const scaled_matrix& a, const scaled_matrix& b,
                                              const output_stack& d, const k_group_list& groups,
                                              const k_grouped_options& options = {}) {
    return detail::run_typed(engine, detail::fp8_operands, k_grouped_problem{a, b, d, groups, options.c, options.ready},
                             options);
}

/// As k_grouped_fp8_gemm_nt_contiguous, of BF16 operands A (k,m) and B (k,n) without scales, summed in FP32. Groups may start
/// and end at any k, as k_group_list::alignment says, and no k between them is used. Concatenated groups are rows one after
/// another here.
template <engine_for<ops::k_grouped_gemm> Engine>
result<void> k_grouped_bf16_gemm_tn_contiguous(const Engine& engine, const input_matrix& a, const input_matrix& b,
                                               const output_stack& d, const k_group_list& groups,
                                               const k_grouped_options& options = {}) {
    k_grouped_problem given{unscaled(transposed(a)), unscaled(transposed(b)), d, groups, options.c, options.ready};
    if (auto ok = detail::check_types(detail::bf16_operands, given.a, given.b); !ok) return ok;
    if (auto ok = detail::as_rows_of_tokens(given); !ok) return ok;
    return detail::run_typed(engine, detail::bf16_operands, given, options);
}

}  // namespace deepgemm
