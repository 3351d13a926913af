// SPDX-License-Identifier: MIT
// The rules that a caller of mqa_logits can break, and the memory that a problem reads and writes. Nothing is read from that
// memory, not even the ranges.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/extents.hpp>
#include <deepgemm/host/memory.hpp>
#include <deepgemm/ops/mqa_logits/problem.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

namespace detail {

/// Checks what kernels can be instantiated for: heads, depth and types.
inline result<void> check_mqa_kind(i64 heads, i64 depth, dtype weights, dtype logits) {
    if (heads < 4 || heads > 128 || heads % 4 != 0) {
        return fail(errc::shape_mismatch, "a query has ", heads, " heads; it must have a multiple of 4 from 4 to 128");
    }
    if (depth != 32 && depth != 64 && depth != 128) {
        return fail(errc::shape_mismatch, "the depth of a head is ", depth, "; it must be 32, 64 or 128");
    }
    const auto real = [](dtype type) { return type == dtype::f32 || type == dtype::bf16 || type == dtype::f16; };
    if (!real(weights)) return fail(errc::unsupported_type, "weights are ", weights, "; they must be f32, bf16 or f16");
    if (!real(logits)) return fail(errc::unsupported_type, "logits are ", logits, "; they must be f32, bf16 or f16");
    return {};
}

/// Checks sizes. Kernels number the heads of all queries in 31 bits and add up key tiles in 32.
inline result<void> check_mqa_sizes(i64 queries, i64 keys, i64 heads) {
    if (auto ok = check_extent("the number of queries", queries); !ok) return ok;
    if (auto ok = check_extent("the number of keys", keys); !ok) return ok;
    if (auto ok = check_extent("the number of heads of all queries", queries * heads); !ok) return ok;
    if (ceil_div(queries, i64(4)) * (ceil_div(keys, i64(64)) + 1) >> 32 != 0) {
        return fail(errc::bad_extent, queries, " queries of ", keys,
                    " keys are too many at once; their tiles of 4 x 64 are counted in 32 bits");
    }
    return {};
}

/// Checks sizes and types.
inline result<void> check_mqa_shape(const mqa_logits_problem& problem) {
    if (auto ok = check_mqa_kind(problem.heads, problem.depth, problem.weights_type, problem.logits_type); !ok)
        return ok;
    return check_mqa_sizes(problem.queries, problem.keys, problem.heads);
}

/// Checks that rows of `columns` elements, `stride` apart, do not overlap.
inline result<void> check_row_stride(const char* name, i64 stride, i64 columns) {
    if (stride == 0 || stride >= columns) return {};
    return fail(errc::bad_layout, name, " is ", stride, "; it must be at least ", columns,
                ", the length of a row, or 0");
}

/// The memory of a matrix of `rows` rows of `columns` elements, `stride` apart (0: dense), each aligned to an element; `name`
/// is a plural unless `one`.
inline memory_use rows_memory(const char* name, const void* data, i64 rows, i64 stride, i64 columns, dtype type,
                              memory_access how = memory_access::reads, bool one = false) {
    const u32 size = size_of(type);
    return {.name = name,
            .data = data,
            .width = wide(columns) * size,
            .steps = {{{rows, wide(stride_or(stride, columns)) * size}, {}, {}}},
            .how = how,
            .alignment = size,
            .aligned_for = size == 2 ? "they have 2 bytes each" : "they have 4 bytes each",
            .many = !one};
}

/// Checks a problem against the rules of the operation, but not those for memory. If there is nothing to compute, only sizes
/// and types are checked.
inline result<void> check_mqa_logits(const mqa_logits_problem& problem) {
    if (auto ok = check_mqa_shape(problem); !ok) return ok;
    if (is_empty(workload_of(problem))) return {};
    if (problem.form == logits_form::compressed) {
        if (auto ok = check_extent("columns", problem.columns, 1); !ok) return ok;
    }
    if (problem.key_stride % 16 != 0 || problem.key_stride >= i64(1) << 40) {
        return fail(errc::bad_layout, "key_stride is ", problem.key_stride,
                    "; it must be a multiple of 16 below 2^40 for TMA");
    }
    if (auto ok = check_row_stride("key_stride", problem.key_stride, problem.depth); !ok) return ok;
    if (auto ok = check_row_stride("weights_stride", problem.weights_stride, problem.heads); !ok) return ok;
    return check_row_stride("logits_stride", problem.logits_stride, logit_columns(problem));
}

}  // namespace detail

/// Checks the part of a problem that a workload holds.
inline result<void> validate(const mqa_logits_workload& work) {
    const auto& [scores, logits, form] = work.what;
    if (auto ok = detail::check_mqa_kind(scores.heads, scores.depth, scores.weights, logits); !ok) return ok;
    return detail::check_mqa_sizes(work.queries, work.keys, scores.heads);
}

/// The memory that a problem reads and writes.
inline auto memory_of(const mqa_logits_problem& problem) {
    // This names every member, so a new member makes it fail to compile: add it to the list of what is read or written.
    const auto& [queries, heads, depth, keys, q, key, key_stride, scale, weights, weights_type, weights_stride, first,
                 last, logits, logits_type, logits_stride, form, columns] = problem;
    constexpr const char* for_tma = "TMA copies from multiples of 16 bytes";
    const i64 row = detail::logit_columns(problem);
    memory_list<7> list;
    list.add(
        detail::rows_memory("the logits", logits, queries, logits_stride, row, logits_type, memory_access::writes));
    list.add({.name = "q", .data = q, .width = queries * heads * depth, .alignment = 16, .aligned_for = for_tma});
    list.add({.name = "the keys",
              .data = key,
              .width = depth,
              .steps = {{{keys, detail::stride_or(key_stride, depth)}, {}, {}}},
              .alignment = 16,
              .aligned_for = for_tma,
              .many = true});
    list.add({.name = "the scales",
              .data = scale,
              .width = 4 * keys,
              .alignment = 16,
              .aligned_for = for_tma,
              .many = true});
    list.add(detail::rows_memory("the weights", weights, queries, weights_stride, heads, weights_type));
    list.add(list_memory("the first keys", first, queries));
    list.add(list_memory("the last keys", last, queries));
    return list;
}

}  // namespace deepgemm
