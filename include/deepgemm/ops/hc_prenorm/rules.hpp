// SPDX-License-Identifier: MIT
// The rules of a HyperConnection prenorm that a caller can break: one check and one sentence each. Nothing is read from the
// memory that a problem names.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/extents.hpp>
#include <deepgemm/host/stack.hpp>
#include <deepgemm/ops/hc_prenorm/problem.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// Checks the part of a problem that a workload holds: its extents, and the number of parts.
inline result<void> validate(const hc_prenorm_workload& work) {
    const auto& [m, n, k] = work.shape;
    if (auto ok = check_extent("M", m); !ok) return ok;
    if (auto ok = check_extent("N", n, 1); !ok) return ok;
    if (auto ok = check_extent("K", k); !ok) return ok;
    if (auto ok = check_extent("the number of parts", work.parts, 1); !ok) return ok;
    return detail::check_tiles(work.parts, "part", m, n, 16);
}

namespace detail {

/// Checks the extents and types of a prenorm's matrices.
inline result<void> check_sizes_and_types(const hc_prenorm_problem& problem) {
    const struct {
        const char* name;
        const input_matrix matrix;
        dtype type;
    } all[] = {{"A", problem.a, dtype::bf16},
               {"B", problem.b, dtype::f32},
               {"D", problem.d.first, dtype::f32},
               {"q", problem.q, dtype::f32}};
    for (const auto& [name, matrix, type] : all) {
        if (auto ok = check_size(name, matrix.rows, matrix.columns); !ok) return ok;
    }
    for (const auto& [name, matrix, type] : all) {
        if (matrix.type != type)
            return fail(errc::unsupported_type, name, " is ", matrix.type, "; in a prenorm it must be ", type);
    }
    return check_extent("the number of parts", problem.d.count, 1);
}

/// Checks the shapes of a prenorm.
inline result<void> check_shapes(const hc_prenorm_problem& problem) {
    const auto& [a, b, d, q] = problem;
    if (auto ok = check_same_k(a, b); !ok) return ok;
    if (d.first.rows != a.rows || d.first.columns != b.rows) {
        return fail(errc::shape_mismatch, "D is ", d.first.rows, " x ", d.first.columns, "; A with ", a.rows,
                    " rows and B with ", b.rows, " rows need ", a.rows, " x ", b.rows);
    }
    if (q.rows != d.count || q.columns != a.rows) {
        return fail(errc::shape_mismatch, "q is ", q.rows, " x ", q.columns, "; A with ", a.rows, " rows and ", d.count,
                    d.count == 1 ? " matrix of D need " : " matrices of D need ", d.count, " x ", a.rows);
    }
    return {};
}

/// Checks a problem against the rules of prenorms, but not those for memory. Sizes and types are checked first; if A has no
/// rows, only these.
inline result<void> check_hc_prenorm(const hc_prenorm_problem& problem) {
    const auto& [a, b, d, q] = problem;
    if (auto ok = check_sizes_and_types(problem); !ok) return ok;
    if (auto ok = check_shapes(problem); !ok) return ok;
    if (auto ok = validate(workload_of(problem)); !ok || a.rows == 0) return ok;
    if (a.columns > 0) {
        if (auto ok = check_layout("A", "K", a); !ok) return ok;
        if (auto ok = check_layout("B", "K", b); !ok) return ok;
    }
    if (auto ok = check_written_layout("D", "N", d.first); !ok) return ok;
    if (auto ok = check_distance("D", d.first, d.count, d.matrix_stride); !ok) return ok;
    return check_written_layout("q", "M", q);
}

}  // namespace detail

/// The memory that a problem reads and writes. Without K, operands are not read.
inline auto memory_of(const hc_prenorm_problem& problem) {
    // This names every member, so a new member makes it fail to compile: add it to the list of what is read or written.
    const auto& [a, b, d, q] = problem;
    const auto by_element = [](memory_use use) {  // threads store it, not TMA
        use.alignment = 4;
        use.aligned_for = "its elements have 4 bytes";
        return written(use);
    };
    memory_list<4> list;
    list.add(by_element(memory_of("D", d.first, d.count, d.matrix_stride)));
    list.add(by_element(memory_of("q", q)));
    if (a.columns == 0) return list;
    list.add(memory_of("A", a));
    list.add(memory_of("B", b));
    return list;
}

}  // namespace deepgemm
