// SPDX-License-Identifier: MIT
// The named operations on groups of rows that follow each other: validate, plan and launch in one call.
#pragma once

#include <deepgemm/host/engine.hpp>
#include <deepgemm/ops/contiguous_gemm/operation.hpp>
#include <deepgemm/ops/grouped_gemm/grouped_gemm.hpp>

namespace deepgemm {

namespace detail {

/// Runs a product in groups of rows whose operands must be of the types that the named function takes.
template <engine_for<ops::contiguous_gemm> Engine>
result<void> run_typed(const Engine& engine, const operand_types& types, const contiguous_problem& problem,
                       const grouped_options& options) {
    if (auto ok = check_types(types, problem.a, problem.b.first); !ok) return ok;
    return engine.template run<ops::contiguous_gemm>(problem, options.stream,
                                                     {options.num_sms, options.pin, options.dependent_launch});
}

/// The list of a caller who gathers or scatters rows, none of which there may be.
constexpr row_list given_list(row_list rows) {
    rows.given = true;
    return rows;
}

}  // namespace detail

/// D(m,n) = A(m,k) x B[g](n,k)^T for the rows m of each group g; both operands FP8 and contiguous along K, scaled by blocks of
/// 128 along K. A: 1x128 scales. B: 128x128, both FP32 or both UE8M0. D: BF16, or as
/// grouped_options::epilogue says.
///
/// The groups follow each other in A and in D, and each has a matrix of B. `groups` says where they lie: groups_by_end() by the
/// end of each, groups_by_row() by the group of each row. The kernel reads that list from device memory, so the host never
/// waits for it, and a captured graph may be replayed with another one. Rows of A that no group has, and their scales, are not
/// used and may hold anything. In D they stay as they were by end, unless group_list::zero_padding, and become zero by row.
/// Groups may start at any multiple of `alignment`, 1 included, and end anywhere. One without rows costs nothing.
///
/// By row, a kernel traps, which the stream's next synchronisation reports, if a group starts at no multiple of `alignment`,
/// has no matrix of B, or goes on after less than 256 rows of another one or of none. Ends are taken for the nearest that can
/// be.
///
/// No groups, or empty M or N: nothing happens; empty K: the rows of groups become zero.
template <engine_for<ops::contiguous_gemm> Engine>
result<void> m_grouped_fp8_gemm_nt_contiguous(const Engine& engine, const scaled_matrix& a, const scaled_stack& b,
                                              const output_matrix& d, const group_list& groups,
                                              const grouped_options& options = {}) {
    return detail::run_typed(engine, detail::fp8_operands,
                             contiguous_problem{a, b, d, groups, options.epilogue, options.ready, {}, {}}, options);
}

/// As m_grouped_fp8_gemm_nt_contiguous, of BF16 operands without scales, summed in FP32.
template <engine_for<ops::contiguous_gemm> Engine>
result<void> m_grouped_bf16_gemm_nt_contiguous(const Engine& engine, const input_matrix& a, const input_stack& b,
                                               const output_matrix& d, const group_list& groups,
                                               const grouped_options& options = {}) {
    return detail::run_typed(
        engine, detail::bf16_operands,
        contiguous_problem{unscaled(a), unscaled(b), d, groups, options.epilogue, options.ready, {}, {}}, options);
}

/// As m_grouped_fp8_gemm_nt_contiguous, with gathered rows of A: row m of D is computed from row `a_rows[m]` of A and its
/// scales, which may be MN-major or K-major, and equals bit for bit what the rows give that were gathered before. A has any
/// number of rows; the list, in device memory, has an entry for each row of D. Entries of rows of no group are not read and may
/// hold anything. One that is no row of A makes that row of D undefined; kernels with DEEPGEMM_DEBUG trap.
template <engine_for<ops::contiguous_gemm> Engine>
result<void> m_grouped_fp8_gemm_nt_contiguous_gathered(const Engine& engine, const scaled_matrix& a,
                                                       const row_list& a_rows, const scaled_stack& b,
                                                       const output_matrix& d, const group_list& groups,
                                                       const grouped_options& options = {}) {
    return detail::run_typed(
        engine, detail::fp8_operands,
        contiguous_problem{a, b, d, groups, options.epilogue, options.ready, detail::given_list(a_rows), {}}, options);
}

/// The same of BF16 operands, without scales.
template <engine_for<ops::contiguous_gemm> Engine>
result<void> m_grouped_bf16_gemm_nt_contiguous_gathered(const Engine& engine, const input_matrix& a,
                                                        const row_list& a_rows, const input_stack& b,
                                                        const output_matrix& d, const group_list& groups,
                                                        const grouped_options& options = {}) {
    return detail::run_typed(
        engine, detail::bf16_operands,
        contiguous_problem{
            unscaled(a), unscaled(b), d, groups, options.epilogue, options.ready, detail::given_list(a_rows), {}},
        options);
}

/// As m_grouped_fp8_gemm_nt_contiguous, with scattered rows of D: what is computed of row m of A goes to row `d_rows[m]` of D,
/// bit for bit. D has any number of rows, and those that no row of a group goes to stay as they were, whichever list of groups
/// there is; the list, in device memory, has an entry for each row of A. Entries of rows of no group are not read and may hold
/// anything. Two others that are equal are an error of the caller: that row of D is then undefined. One that is no row of D is
/// not stored; kernels with DEEPGEMM_DEBUG trap. K must not be 0.
template <engine_for<ops::contiguous_gemm> Engine>
result<void> m_grouped_fp8_gemm_nt_contiguous_scattered(const Engine& engine, const scaled_matrix& a,
                                                        const scaled_stack& b, const output_matrix& d,
                                                        const row_list& d_rows, const group_list& groups,
                                                        const grouped_options& options = {}) {
    return detail::run_typed(
        engine, detail::fp8_operands,
        contiguous_problem{a, b, d, groups, options.epilogue, options.ready, {}, detail::given_list(d_rows)}, options);
}

/// The same of BF16 operands, without scales.
template <engine_for<ops::contiguous_gemm> Engine>
result<void> m_grouped_bf16_gemm_nt_contiguous_scattered(const Engine& engine, const input_matrix& a,
                                                         const input_stack& b, const output_matrix& d,
                                                         const row_list& d_rows, const group_list& groups,
                                                         const grouped_options& options = {}) {
    return detail::run_typed(
        engine, detail::bf16_operands,
        contiguous_problem{
            unscaled(a), unscaled(b), d, groups, options.epilogue, options.ready, {}, detail::given_list(d_rows)},
        options);
}

/// As m_grouped_bf16_gemm_nt_contiguous, with matrices (k,n) of B.
template <engine_for<ops::contiguous_gemm> Engine>
result<void> m_grouped_bf16_gemm_nn_contiguous(const Engine& engine, const input_matrix& a, const input_stack& b,
                                               const output_matrix& d, const group_list& groups,
                                               const grouped_options& options = {}) {
    return m_grouped_bf16_gemm_nt_contiguous(engine, a, input_stack{transposed(b.first), b.count, b.matrix_stride}, d,
                                             groups, options);
}

}  // namespace deepgemm
