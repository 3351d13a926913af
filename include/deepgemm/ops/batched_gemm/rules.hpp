// SPDX-License-Identifier: MIT
// The rules of a batch of products that a caller can break: those for one product, and those for stacks. Nothing is read from
// the memory that a problem names.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/ops/batched_gemm/problem.hpp>
#include <deepgemm/ops/gemm/rules.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

namespace detail {

/// Checks that tiles, and for a sum K blocks, can be counted.
inline result<void> check_batch_tiles(const batched_workload& work) {
    const auto& [m, n, k] = work.one.shape;
    if (auto ok = check_tiles(work.sum ? 1 : work.count, "product", m, n, 8); !ok || !work.sum) return ok;
    const i64 blocks = work.count * ceil_div(i64(k), i64(64));
    if (blocks <= max_extent) return {};
    return fail(errc::bad_extent, work.count, " products of K = ", k, " have ", blocks,
                " blocks of 64 elements; a sum takes up to ", max_extent);
}

/// Checks the types of a sum.
inline result<void> check_sum_types(dtype operands, bool accumulate, dtype d) {
    if (!is_half(operands)) {
        return fail(errc::unsupported_type, "A and B are ", operands,
                    "; products of 16-bit types can be summed up over a batch, bf16 or f16");
    }
    if (accumulate && d != dtype::f32) {
        return fail(errc::unsupported_type, "D is ", d, "; the sum of a batch is added to an f32 D and to no other");
    }
    return {};
}

}  // namespace detail

/// Bytes of the smallest workspace with which a sum of products of m x n runs: one part, in tiles of up to 256 x 256.
constexpr u64 least_sum_bytes(i64 m, i64 n) {
    using detail::wide;
    const wide rows = max(wide(m) + 255, wide(0)), columns = max(wide(n) + 255, wide(0));
    const wide totals = detail::held_bytes(rows * columns);
    return detail::held_bytes(summed_batch::head_bytes + totals * sizeof(float));
}
/// Bytes of a workspace that lets the sum of a batch, with a D of m x n, use `num_sms` multiprocessors. With fewer bytes it
/// uses fewer; more are never touched.
constexpr u64 batch_sum_workspace_bytes(i64 m, i64 n, int num_sms) {
    return max(least_sum_bytes(m, n), summed_batch::bytes_of(max(num_sms, 0), {128, 256, 64}));
}

/// Checks the part of a problem that a workload holds: the number of products, the extents of one of them, types of a sum.
inline result<void> validate(const batched_workload& work) {
    if (auto ok = check_extent("the number of products", work.count); !ok) return ok;
    if (auto ok = validate(work.one); !ok) return ok;
    if (work.sum) {
        if (auto ok = detail::check_sum_types(work.one.a.type, work.one.accumulate, work.one.d); !ok) return ok;
    }
    return detail::check_batch_tiles(work);
}

namespace detail {

/// Checks what only a sum asks for.
inline result<void> check_sum(const batched_problem& problem) {
    if (auto ok = check_sum_types(problem.a.first.matrix.type, problem.accumulate, problem.d.first.type); !ok)
        return ok;
    const u64 least = least_sum_bytes(problem.d.first.rows, problem.d.first.columns);
    if (problem.workspace.bytes >= least) return {};
    return fail(errc::bad_option, "the workspace has ", problem.workspace.bytes,
                " bytes; the sum of a batch needs at least ", least, " for a D of ", problem.d.first.rows, " x ",
                problem.d.first.columns);
}

/// Checks a problem against the rules of batches, but not those for memory. Sizes and types are checked first; if there is
/// nothing to compute, only these.
inline result<void> check_batch(const batched_problem& problem) {
    const auto& [a, b, d, accumulate, sum, workspace, ready] = problem;
    if (auto ok = check_extent("the number of products", a.count); !ok) return ok;
    if (b.count != a.count || d.count != (sum ? 1 : a.count)) {
        return fail(errc::shape_mismatch, "A has ", a.count, " matrices, B ", b.count, " and D ", d.count,
                    sum ? "; A and B must have one for every product, and D one for their sum"
                        : "; each must have one for every product");
    }
    const gemm_problem first = first_of(problem);
    if (auto ok = check_form(first); !ok || is_empty(workload_of(problem))) return ok;
    if (auto ok = check_batch_tiles(workload_of(problem)); !ok) return ok;
    if (auto ok = check_placement(first); !ok) return ok;
    if (auto ok = check_stack("D", d.first, d.count, d.matrix_stride); !ok) return ok;
    if (sum) {
        if (auto ok = check_sum(problem); !ok) return ok;
    }
    if (first.a.matrix.columns == 0) return {};
    return check_operand_stacks(a, b);
}

}  // namespace detail

/// The memory that a problem reads and writes. Without K, operands and their scales are not read.
inline auto memory_of(const batched_problem& problem) {
    // This names every member, so a new member makes it fail to compile: add it to the list of what is read or written.
    const auto& [a, b, d, accumulate, sum, workspace, ready] = problem;
    memory_list<6> list;
    list.add(written(memory_of("D", d.first, d.count, d.matrix_stride)));
    if (sum) {
        list.add({.name = "the workspace",
                  .data = workspace.data,
                  .width = detail::wide(workspace.bytes),
                  .how = memory_access::writes,
                  .alignment = 128,
                  .aligned_for = "totals in it need 128-byte alignment"});
    }
    if (detail::first_of(problem).a.matrix.columns == 0) return list;
    list.add(memory_of("A", a.first.matrix, a.count, a.matrix_stride));
    list.add(memory_of("B", b.first.matrix, b.count, b.matrix_stride));
    list.add(memory_of("the scales of A", a, detail::reads_a_scales_by_word(a)));
    list.add(memory_of("the scales of B", b, detail::reads_by_word(b.first.scales, true)));
    return list;
}

}  // namespace deepgemm
