// SPDX-License-Identifier: MIT
// The rules of a batch of products that a caller can break: those for one product, and those for stacks. Nothing is read from
// the memory that a problem names.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/ops/batched_gemm/problem.hpp>
#include <deepgemm/ops/gemm/rules.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// Checks the part of a problem that a workload holds: the number of products, and the extents of one of them.
inline result<void> validate(const batched_workload& work) {
    if (auto ok = check_extent("the number of products", work.count); !ok) return ok;
    if (auto ok = validate(work.one); !ok) return ok;
    return detail::check_tiles(work.count, "product", work.one.shape.m, work.one.shape.n, 8);
}

namespace detail {

/// Checks a problem against the rules of batches, but not those for memory. Sizes and types are checked first; if there is
/// nothing to compute, only these.
inline result<void> check_batch(const batched_problem& problem) {
    const auto& [a, b, d, accumulate, ready] = problem;
    if (auto ok = check_extent("the number of products", a.count); !ok) return ok;
    if (b.count != a.count || d.count != a.count) {
        return fail(errc::shape_mismatch, "A has ", a.count, " matrices, B ", b.count, " and D ", d.count,
                    "; each must have one for every product");
    }
    const gemm_problem first = first_of(problem);
    if (auto ok = check_form(first); !ok || is_empty(workload_of(problem))) return ok;
    if (auto ok = check_tiles(a.count, "product", d.first.rows, d.first.columns, 8); !ok) return ok;
    if (auto ok = check_placement(first); !ok) return ok;
    if (auto ok = check_stack("D", d.first, d.count, d.matrix_stride); !ok) return ok;
    if (a.first.matrix.columns == 0) return {};
    if (auto ok = check_stack("A", a.first.matrix, a.count, a.matrix_stride); !ok) return ok;
    if (auto ok = check_stack("B", b.first.matrix, b.count, b.matrix_stride); !ok) return ok;
    if (auto ok = check_scale_stack("A", a, false); !ok) return ok;
    return check_scale_stack("B", b, true);
}

}  // namespace detail

/// The memory that a problem reads and writes. Without K, operands and their scales are not read.
inline auto memory_of(const batched_problem& problem) {
    // This names every member, so a new member makes it fail to compile: add it to the list of what is read or written.
    const auto& [a, b, d, accumulate, ready] = problem;
    memory_list<5> list;
    list.add(written(memory_of("D", d.first, d.count, d.matrix_stride)));
    if (a.first.matrix.columns == 0) return list;
    list.add(memory_of("A", a.first.matrix, a.count, a.matrix_stride));
    list.add(memory_of("B", b.first.matrix, b.count, b.matrix_stride));
    list.add(memory_of("the scales of A", a, detail::reads_by_word(a.first.scales, false)));
    list.add(memory_of("the scales of B", b, detail::reads_by_word(b.first.scales, true)));
    return list;
}

}  // namespace deepgemm
