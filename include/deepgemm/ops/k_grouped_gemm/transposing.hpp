// SPDX-License-Identifier: MIT
// Groups of K of FP8 operands A (k,m) and B (k,n), a row for each token, as training stores activations. Hopper's tensor cores
// read FP8 along K only, so each operand is transposed into a workspace by a launch of its own, all of K at once, wherever
// groups lie in it; the product, which starts while the last one ends, reads them there.
#pragma once

#include <tuple>

#include <deepgemm/host/workspace.hpp>
#include <deepgemm/ops/gemm/transposing.hpp>
#include <deepgemm/ops/k_grouped_gemm/k_grouped_gemm.hpp>

namespace deepgemm {

/// Bytes of workspace with which k_grouped_fp8_gemm_tn_contiguous() takes operands A (k,m) and B (k,n): those of each that is
/// not contiguous along K, in rows of whole cache lines.
constexpr u64 k_grouped_fp8_gemm_tn_workspace_bytes(const input_matrix& a, const input_matrix& b) {
    return fp8_gemm_workspace_bytes(transposed(a), transposed(b));
}

namespace detail {

/// A product in groups of K some of whose operands lie in a workspace.
struct turned_k_groups {
    k_grouped_problem given{}, product{};
    turned_first first{};
    u64 bytes = 0;  ///< of workspace

    static turned_k_groups of(const k_grouped_problem& given, const workspace_memory& workspace) {
        const bool computes = given.d.count > 0 && given.a.matrix.rows > 0 && given.b.matrix.rows > 0;
        const turned_first first{computes && is_turned(given.a.matrix), computes && is_turned(given.b.matrix)};
        const auto places =
            turned_places::of(workspace, first, turned_bytes(given.a.matrix), turned_bytes(given.b.matrix));
        turned_k_groups made{given, given, first, places.bytes};
        places.move(made.product, first);
        return made;
    }

    /// Checks the product against its rules, operands that are transposed against those of rows, and memory with the whole
    /// workspace.
    result<void> check(const workspace_memory& workspace) const {
        if (auto ok = check_k_grouped(product); !ok) return ok;
        for (const auto& [name, x, turned] :
             {std::tuple{"A", &given.a.matrix, first.a}, {"B", &given.b.matrix, first.b}}) {
            if (!turned) continue;
            if (auto ok = check_rows(name, transposed(*x), as_columns); !ok) return ok;
        }
        if (auto ok = check_size(workspace, bytes, first); !ok) return ok;
        memory_list<8> list;
        list.add(memory_of(workspace, "operands in it must start at one"));
        for (const memory_use& use : memory_of(given)) list.add(use);
        return check_memory(list);
    }
};

}  // namespace detail

/// As k_grouped_fp8_gemm_nt_contiguous, with operands A (k,m) and B (k,n), contiguous along either dimension; their scales have
/// a row for each 128 of K, or a row of words if they are packed, and lie along M and N as before. An operand that is not
/// contiguous along K is transposed into `workspace` first: up to three launches, of which all but the first start early. Rows
/// of all groups follow each other, so that concatenated_groups() mean the same as k_groups_by_size() here. Nothing is launched
/// if there is an error.
template <class Engine>
    requires(engine_for<Engine, ops::k_grouped_gemm>&& engine_for<Engine, ops::transpose>)
result<void> k_grouped_fp8_gemm_tn_contiguous(const Engine& engine, const scaled_matrix& a, const scaled_matrix& b,
                                              const output_stack& d, const k_group_list& groups,
                                              const workspace_memory& workspace,
                                              const k_grouped_options& options = {}) {
    k_grouped_problem given{transposed(a), transposed(b), d, groups, options.c, options.ready};
    if (auto ok = detail::check_types(detail::fp8_operands, given.a, given.b); !ok) return ok;
    if (auto ok = detail::as_rows_of_tokens(given); !ok) return ok;
    const detail::turned_k_groups made = detail::turned_k_groups::of(given, workspace);
    if (!made.first.any()) return detail::run_typed(engine, detail::fp8_operands, given, options);
    return detail::run_made<ops::k_grouped_gemm>(engine, made, workspace, options);
}

}  // namespace deepgemm
