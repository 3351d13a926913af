// SPDX-License-Identifier: MIT
// The rules that a caller of clean_logits can break, and the memory that a problem reads and writes. Nothing is read from that
// memory, not even the ranges.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/matrix_rules.hpp>
#include <deepgemm/ops/clean_logits/problem.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// Checks the part of a problem that a workload holds.
inline result<void> validate(const clean_logits_workload& work) {
    if (auto ok = detail::check_size("D", work.queries, work.keys); !ok) return ok;
    if (work.logits == dtype::f32 || work.logits == dtype::bf16 || work.logits == dtype::f16) return {};
    return fail(errc::unsupported_type, "D is ", work.logits, "; logits must be f32, bf16 or f16");
}

namespace detail {

/// Checks a problem against the rules of the operation, but not those for memory. If D has no elements, only its size and type
/// are checked.
inline result<void> check_clean_logits(const clean_logits_problem& problem) {
    if (auto ok = check_size("D", problem.d.rows, problem.d.columns); !ok) return ok;
    const clean_logits_workload work = workload_of(problem);
    if (auto ok = validate(work); !ok || is_empty(work)) return ok;
    return check_written_layout("D", "N", problem.d);
}

}  // namespace detail

/// The memory that a problem reads and writes.
inline auto memory_of(const clean_logits_problem& problem) {
    // This names every member, so a new member makes it fail to compile: add it to the list of what is read or written.
    const auto& [d, first, last] = problem;
    memory_use logits = memory_of("D", d);
    logits.alignment = size_of(d.type);
    logits.aligned_for = size_of(d.type) == 2 ? "its elements have 2 bytes" : "its elements have 4 bytes";
    memory_list<3> list;
    list.add(written(logits));
    list.add(list_memory("the first keys", first, d.rows));
    list.add(list_memory("the last keys", last, d.rows));
    return list;
}

}  // namespace deepgemm
