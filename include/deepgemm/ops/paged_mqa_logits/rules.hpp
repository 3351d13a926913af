// SPDX-License-Identifier: MIT
// The rules that a caller of paged_mqa_logits can break, and the memory that a problem reads and writes. Nothing is read from
// that memory: neither lengths nor the block table.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/ops/mqa_logits/rules.hpp>
#include <deepgemm/ops/paged_mqa_logits/problem.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

namespace detail {

/// Checks what kernels can be instantiated for: heads, depth, types, the size of a page and the form of logits.
inline result<void> check_paged_mqa_kind(i64 heads, i64 depth, dtype weights, dtype logits, i64 block,
                                         logits_form form) {
    if (auto ok = check_mqa_kind(heads, depth, weights, logits); !ok) return ok;
    if (block != 32 && block != 64 && block != 128) {
        return fail(errc::shape_mismatch, "a page has ", block, " keys; it must have 32, 64 or 128");
    }
    if (form != logits_form::compressed) return {};
    return fail(errc::unsupported_type, "logits of paged keys are full or unclean; compressed would mean unclean");
}

/// Checks sizes. Kernels number the heads of all queries in 31 bits and add up slots of 64 keys, and one for each query, in 32.
inline result<void> check_paged_mqa_sizes(i64 queries, i64 columns, i64 heads) {
    if (auto ok = check_extent("the number of queries", queries); !ok) return ok;
    if (auto ok = check_extent("columns", columns); !ok) return ok;
    if (auto ok = check_extent("the number of heads of all queries", queries * heads); !ok) return ok;
    if (queries * (ceil_div(columns, i64(64)) + 1) >> 32 == 0) return {};
    return fail(errc::bad_extent, queries, " queries of ", columns,
                " columns are too many at once; slots of 64 keys are counted in 32 bits");
}

/// Checks sizes and types.
inline result<void> check_paged_mqa_shape(const paged_mqa_logits_problem& problem) {
    if (auto ok = check_paged_mqa_kind(problem.heads, problem.depth, problem.weights_type, problem.logits_type,
                                       problem.block, problem.form);
        !ok)
        return ok;
    if (auto ok = check_extent("the number of requests", problem.requests); !ok) return ok;
    if (auto ok = check_extent("next_n", problem.next_n, 1); !ok) return ok;
    if (auto ok = check_paged_mqa_sizes(paged_queries(problem), problem.columns, problem.heads); !ok) return ok;
    if (auto ok = check_extent("the number of pages", problem.pages); !ok) return ok;
    return check_extent("table_columns", problem.table_columns);
}

/// Checks how pages and the block table lie in memory.
inline result<void> check_pages(const paged_mqa_logits_problem& problem) {
    const i64 stride = page_stride(problem);
    if (stride % 16 != 0 || stride < page_bytes(problem) || stride >= i64(1) << 40) {
        return fail(errc::bad_layout, "page_stride is ", problem.page_stride,
                    " bytes; it must be a multiple of 16 for TMA from ", page_bytes(problem),
                    ", the size of a page, to 2^40 - 16, or 0");
    }
    return check_row_stride("table_stride", problem.table_stride, table_columns(problem));
}

/// Checks a problem against the rules of the operation, but not those for memory. If there is nothing to compute, only sizes
/// and types are checked.
inline result<void> check_paged_mqa_logits(const paged_mqa_logits_problem& problem) {
    if (auto ok = check_paged_mqa_shape(problem); !ok) return ok;
    if (is_empty(workload_of(problem))) return {};
    if (auto ok = check_pages(problem); !ok) return ok;
    if ((problem.schedule != nullptr || problem.makes_schedule) &&
        problem.schedule_words < paged_mqa_schedule_words(1)) {
        return fail(errc::bad_extent, "schedule_words is ", problem.schedule_words, "; a schedule has at least ",
                    paged_mqa_schedule_words(1), ", and paged_mqa_schedule_words(m) for m multiprocessors");
    }
    if (auto ok = check_row_stride("weights_stride", problem.weights_stride, problem.heads); !ok) return ok;
    return check_row_stride("logits_stride", problem.logits_stride, problem.columns);
}

}  // namespace detail

/// Checks the part of a problem that a workload holds.
inline result<void> validate(const paged_mqa_logits_workload& work) {
    const auto& [scores, logits, form] = work.what.stored;
    if (auto ok =
            detail::check_paged_mqa_kind(scores.heads, scores.depth, scores.weights, logits, work.what.block, form);
        !ok)
        return ok;
    if (auto ok = check_extent("next_n", work.next_n, 1); !ok) return ok;
    return detail::check_paged_mqa_sizes(work.queries, work.columns, scores.heads);
}

/// The memory that a problem reads and writes.
inline auto memory_of(const paged_mqa_logits_problem& problem) {
    // This names every member, so a new member makes it fail to compile: add it to the list of what is read or written.
    const auto& [requests, next_n, heads, depth, columns, block, pages, q, cache, page_stride, weights, weights_type,
                 weights_stride, lengths, per_query, indices, block_table, table_columns, table_stride, logits,
                 logits_type, logits_stride, form, schedule, schedule_words, makes_schedule] = problem;
    constexpr const char* for_tma = "TMA copies from multiples of 16 bytes";
    const i64 queries = detail::paged_queries(problem), entries = detail::table_columns(problem);
    memory_list<8> list;
    list.add(list_memory("the lengths", lengths, per_query ? queries : requests));
    if (indices) list.add(list_memory("the request indices", indices, queries));
    if (schedule != nullptr || makes_schedule) {
        list.add({.name = "the schedule",
                  .data = schedule,
                  .width = detail::wide(schedule_words) * 4,
                  .how = makes_schedule ? memory_access::writes : memory_access::reads,
                  .alignment = 16,
                  .aligned_for = "a tensor map may begin there"});
    }
    if (makes_schedule) return list;
    list.add(
        detail::rows_memory("the logits", logits, queries, logits_stride, columns, logits_type, memory_access::writes));
    list.add({.name = "q", .data = q, .width = queries * heads * depth, .alignment = 16, .aligned_for = for_tma});
    list.add({.name = "the cache",
              .data = cache,
              .width = detail::page_bytes(problem),
              .steps = {{{pages, detail::page_stride(problem)}, {}, {}}},
              .alignment = 16,
              .aligned_for = for_tma});
    list.add(detail::rows_memory("the weights", weights, queries, weights_stride, heads, weights_type));
    list.add(detail::rows_memory("the block table", block_table, requests, table_stride, entries, dtype::i32,
                                 memory_access::reads, true));
    return list;
}

}  // namespace deepgemm
