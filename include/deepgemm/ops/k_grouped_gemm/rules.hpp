// SPDX-License-Identifier: MIT
// The rules of a product in groups of K that a caller can break: those for the product of all K, those for stacks, and those
// for the list of groups. Nothing is read from device memory that a problem names, not even that list.
#pragma once

#include <utility>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/ops/gemm/rules.hpp>
#include <deepgemm/ops/k_grouped_gemm/problem.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

namespace detail {

/// Elements of K at whose multiples groups of an operand may start: those of a scale along K, or of 16 bytes of a row.
constexpr i64 start_unit(const operand_info& x) {
    if (x.format != scale_kind::none && !x.tile.all_of_k()) return x.tile.k;
    return x.contiguous == major::k ? 16 / i64(size_of(x.type)) : 1;
}

/// Checks the alignment of groups.
inline result<void> check_k_alignment(const k_group_list& groups) {
    constexpr i64 most = 4096;  // so that rounding an element up to a multiple does not leave 31 bits
    if (groups.concatenated || (groups.alignment >= 1 && groups.alignment <= most)) return {};
    return fail(errc::bad_option, "the alignment of groups is ", groups.alignment, "; it must be from 1 to ", most,
                " elements of K");
}

/// Checks that K ends where copies of operands can that hold all groups.
inline result<void> check_k_end(const k_grouped_workload& work) {
    if (work.concatenated || !is_fp8(work.a.type) || work.shape.k % 16 == 0) return {};
    return fail(errc::bad_extent, "K is ", work.shape.k,
                "; in FP8 it must be a multiple of 16, so that a copy of the last elements brings no padding");
}

/// Checks that groups start, and K ends, where copies of the operands can.
inline result<void> check_k_starts(const k_group_list& groups, const k_grouped_workload& work) {
    if (groups.concatenated || work.shape.k == 0) return {};
    if (auto ok = check_k_end(work); !ok) return ok;
    const i64 unit = max(start_unit(work.a), start_unit(work.b));
    if (groups.alignment % unit == 0) return {};
    return fail(errc::bad_option, "the alignment of groups is ", groups.alignment,
                "; for these operands it must be a multiple of ", unit, " elements of K, ",
                is_fp8(work.a.type) ? "which share a scale" : "which are 16 bytes of a row");
}

/// Checks the sizes of concatenated groups, which host memory holds, for a product `whole` of all K. There may be `most`
/// groups.
inline result<void> check_concatenated(const k_group_list& groups, const gemm_problem& whole, i64 most) {
    constexpr i64 unit = 128;
    if (!groups.concatenated) return {};
    if (groups.by_end) {
        return fail(errc::bad_option, "the groups are given by their ends; concatenated operands need their sizes");
    }
    if (groups.host_sizes == nullptr && groups.count > 0) {
        return fail(errc::null_pointer, "the sizes of groups in host memory have no data: their pointer is null");
    }
    if (groups.count > most) {
        return fail(errc::bad_extent, "the number of groups is ", groups.count, "; concatenated operands have at most ",
                    most, " in one launch, for each has tensor maps");
    }
    i64 sum = 0;
    for (i64 g = 0; g < groups.count; ++g) {
        const i64 size = groups.host_sizes[g];
        if (size < 0 || size % unit != 0) {
            return fail(errc::bad_extent, "group ", g, " has ", size,
                        " elements of K; concatenated groups have multiples of ", unit);
        }
        sum += size;
    }
    const i64 k = whole.a.matrix.columns;
    if (sum == k) return {};
    return fail(errc::shape_mismatch, "the groups have ", sum, " elements of K together and the operands have ", k);
}

/// True for scales that share words along K. Groups of K each begin with a word of their own.
constexpr bool are_packed(const scale_argument& scales) { return scales_per_word(scales.kind) > 1; }

/// Checks the scales of A (M, K) or B (N, K), `rows_name` is M or N. Of packed ones there are as many words as the caller says,
/// since only device memory need know how many groups need; but those of concatenated operands the host knows.
inline result<void> check_k_group_scales(const char* name, const char* rows_name, scaled_matrix x, bool is_b,
                                         const k_group_list& groups) {
    if (!are_packed(x.scales)) return check_scales(name, rows_name, x, is_b);
    const i64 of_word = k_per_word(x.scales.kind, x.scales.tile), given = x.scales.columns, k = x.matrix.columns;
    if (k + 384 * groups.count > max_extent) {
        return fail(errc::bad_extent, "K is ", k, " and there are ", groups.count,
                    " groups; with packed scales K, and 384 more for each group, must be at most ", max_extent);
    }
    const i64 least = groups.concatenated ? words_of(groups, 0, groups.count, of_word) : 1;
    if (given < least || given > max_extent) {
        return fail(errc::bad_scales, "the scales of ", name, " have ", given,
                    " words along K; the groups, which begin with a new word each, need from ", least, " to ",
                    max_extent);
    }
    x.matrix.columns = given * of_word;
    return check_scales(name, rows_name, x, is_b);
}

}  // namespace detail

/// Checks the part of a problem that a workload holds: the number of groups, and the extents.
inline result<void> validate(const k_grouped_workload& work) {
    if (auto ok = check_extent("the number of groups", work.groups); !ok) return ok;
    if (auto ok = validate(work.one()); !ok || is_empty(work)) return ok;
    if (auto ok = detail::check_k_end(work); !ok) return ok;
    return detail::check_tiles(work.groups, "group", work.shape.m, work.shape.n);
}

namespace detail {

/// Checks a problem against the rules of products in groups of K, but not those for memory. Sizes and types are checked first;
/// if there is nothing to compute, only these and the list of groups. Concatenated operands may have `most` groups.
inline result<void> check_k_grouped(const k_grouped_problem& problem, i64 most = concatenated_k_groups::map_tables) {
    const auto& [a, b, d, groups, c, ready] = problem;
    const gemm_problem whole = whole_of(problem);
    if (auto ok = check_extent("the number of groups", groups.count); !ok) return ok;
    if (d.count != groups.count) {
        return fail(errc::shape_mismatch, "D has ", d.count, " matrices and there are ", groups.count,
                    " groups; each must have one");
    }
    if (c && c->count != groups.count) {
        return fail(errc::shape_mismatch, "C has ", c->count, " matrices and there are ", groups.count,
                    " groups; each must have one");
    }
    if (auto ok = check_form(whole); !ok) return ok;
    const k_grouped_workload work = workload_of(problem);
    if (auto ok = check_k_alignment(groups); !ok) return ok;
    if (auto ok = check_concatenated(groups, whole, most); !ok || is_empty(work)) return ok;
    if (auto ok = check_tiles(groups.count, "group", d.first.rows, d.first.columns); !ok) return ok;
    if (auto ok = check_matrices(whole); !ok) return ok;
    if (work.shape.k > 0) {
        if (auto ok = check_k_group_scales("A", "M", a, false, groups); !ok) return ok;
        if (auto ok = check_k_group_scales("B", "N", b, true, groups); !ok) return ok;
    }
    if (auto ok = check_k_starts(groups, work); !ok) return ok;
    if (auto ok = check_stack("D", d.first, d.count, d.matrix_stride); !ok) return ok;
    return c ? check_stack("C", c->first, c->count, c->matrix_stride) : result<void>{};
}

}  // namespace detail

/// The memory that a problem reads and writes. Without K, operands and their scales are not read.
inline auto memory_of(const k_grouped_problem& problem) {
    // This names every member, so a new member makes it fail to compile: add it to the list of what is read or written.
    const auto& [a, b, d, groups, c, ready] = problem;
    const gemm_problem whole = detail::whole_of(problem);
    memory_list<7> list;
    list.add(written(memory_of("D", d.first, d.count, d.matrix_stride)));
    if (c) list.add(updated(memory_of("C", c->first, c->count, c->matrix_stride)));
    list.add(list_memory(groups.by_end ? "the ends of groups" : "the sizes of groups", groups.data, groups.count));
    if (whole.a.matrix.columns == 0) return list;
    list.add(memory_of("A", whole.a.matrix));
    list.add(memory_of("B", whole.b.matrix));
    list.add(memory_of("the scales of A", whole.a.scales, detail::reads_by_word(whole.a.scales, false)));
    list.add(memory_of("the scales of B", whole.b.scales, detail::reads_by_word(whole.b.scales, true)));
    return list;
}

}  // namespace deepgemm
