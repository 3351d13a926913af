// SPDX-License-Identifier: MIT
// Groups of rows by FP8 matrices (k,n) of B, which are contiguous along N: a stack of them is transposed into a workspace, and
// the product reads it there.
#pragma once

#include <deepgemm/host/workspace.hpp>
#include <deepgemm/ops/contiguous_gemm/contiguous_gemm.hpp>
#include <deepgemm/ops/gemm/transposing.hpp>

namespace deepgemm {

/// Bytes of workspace with which m_grouped_fp8_gemm_nn_contiguous() takes a stack of matrices (k,n): those of all of them, in
/// rows of whole cache lines; 0 if they are contiguous along K.
constexpr u64 m_grouped_fp8_gemm_nn_workspace_bytes(const scaled_stack& b) {
    return detail::held_bytes(detail::turned_stack_bytes({transposed(b.first), b.count}));
}

namespace detail {

/// True if matrices of B, (n,k) here, are transposed first.
constexpr bool turns_b(const contiguous_problem& problem) {
    return is_turned(problem.b.first.matrix) && first_of(problem).a.matrix.rows != 0 && problem.b.count > 0;
}
/// The product whose matrices of B lie at `place` in a workspace, transposed.
inline contiguous_problem turned_rows(const contiguous_problem& given, const void* place) {
    const input_stack turned = turned_stack(given.b, place);
    contiguous_problem product = given;
    product.b.first.matrix = turned.first;
    product.b.matrix_stride = turned.matrix_stride;
    product.ready = {true, false};  // the transposition begins when the kernel before it has ended
    return product;
}

/// Checks a product whose matrices of B will lie in a workspace, and the matrices of B as `given` has them; memory with the
/// whole workspace.
inline result<void> check_turned(const contiguous_problem& given, const contiguous_problem& product,
                                 const workspace_memory& workspace, u64 least) {
    if (auto ok = check_contiguous(product); !ok) return ok;
    const input_matrix& one = given.b.first.matrix;
    if (auto ok = check_rows("B", transposed(one), as_columns); !ok) return ok;
    if (auto ok = check_stack("B", one, given.b.count, given.b.matrix_stride); !ok) return ok;
    if (workspace.bytes < least) {
        return fail(errc::bad_option, "the workspace has ", workspace.bytes, " bytes; it must have at least ", least,
                    " to transpose ", given.b.count, " matrices of B, which are not contiguous along K");
    }
    memory_list<9 + epilogue_memory> list;
    list.add(memory_of(workspace, "operands in it must start at one"));
    for (const memory_use& use : memory_of(given)) list.add(use);
    return check_memory(list);
}

}  // namespace detail

/// As m_grouped_fp8_gemm_nt_contiguous, with matrices (k,n) of B, contiguous along either dimension; rows and columns of their
/// scales are exchanged, too. Such that are contiguous along N are transposed into `workspace` first, all of them, whether
/// groups have rows or not: two launches, of which the second starts early. Nothing is launched if there is an error.
template <class Engine>
    requires(engine_for<Engine, ops::contiguous_gemm>&& engine_for<Engine, ops::transpose>)
result<void> m_grouped_fp8_gemm_nn_contiguous(const Engine& engine, const scaled_matrix& a, const scaled_stack& b,
                                              const output_matrix& d, const group_list& groups,
                                              const workspace_memory& workspace, const grouped_options& options = {}) {
    const contiguous_problem given{a,
                                   {transposed(b.first), b.count, b.matrix_stride, b.scale_stride},
                                   d,
                                   groups,
                                   options.epilogue,
                                   options.ready,
                                   {},
                                   {}};
    if (auto ok = detail::check_types(detail::fp8_operands, a, given.b.first); !ok) return ok;
    if (!detail::turns_b(given)) return detail::run_typed(engine, detail::fp8_operands, given, options);
    const contiguous_problem product = detail::turned_rows(given, workspace.data);
    if (auto ok = detail::check_turned(given, product, workspace, m_grouped_fp8_gemm_nn_workspace_bytes(b)); !ok)
        return ok;
    return detail::run_after<ops::contiguous_gemm>(engine, {detail::operand_turn::of(true, given.b, product.b)},
                                                   product, options);
}

}  // namespace deepgemm
