// SPDX-License-Identifier: MIT
// A product whose K is cut into groups, as its caller sees it, as a planner sees it, and the translation between them.
// rules.hpp checks it.
#pragma once

#include <optional>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/stack.hpp>
#include <deepgemm/ops/gemm/problem.hpp>
#include <deepgemm/schedule/groups.cuh>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// Which elements of K belong to which group, and how rows of A and B hold them. k_groups_by_size(), k_groups_by_end() and
/// concatenated_groups() make one.
struct k_group_list {
    i64 count = 0;
    /// (count) elements of each group, or before which element each ends; in device memory (host memory for the simulator),
    /// where the kernel reads them.
    const i32* data = nullptr;
    bool by_end = false;  ///< `data` holds ends
    /// Every group starts at the first multiple of as many elements behind the one before. At least the K of a scale.
    i64 alignment = 128;
    /// For each group, one after another and without gaps, there is a matrix (M, size) in A and one (N, size) in B. Else a row
    /// of A, and of B, holds all groups.
    bool concatenated = false;
    const i32* host_sizes = nullptr;  ///< if so, (count) in host memory: the sizes again, multiples of 128
};

/// Group g has `sizes[g]` elements of K, any number of them, and starts at a multiple of `alignment`.
constexpr k_group_list k_groups_by_size(const i32* sizes, i64 count, i64 alignment = 128) {
    return {.count = count, .data = sizes, .alignment = alignment};
}
/// Group g ends before element `ends[g]` of K and starts at the first multiple of `alignment` behind the group before.
constexpr k_group_list k_groups_by_end(const i32* ends, i64 count, i64 alignment = 128) {
    return {.count = count, .data = ends, .by_end = true, .alignment = alignment};
}
/// Operands are concatenated by groups. `host_sizes` are the same numbers as `sizes`, in host memory; they are read before a
/// launch returns.
constexpr k_group_list concatenated_groups(const i32* sizes, const i32* host_sizes, i64 count) {
    return {.count = count, .data = sizes, .concatenated = true, .host_sizes = host_sizes};
}

/// Rows of packed words that groups have together at most, if there are `count` of them, in a K of `k` elements. Where sizes
/// are known, ceil(size / 512) for each group are enough.
constexpr i64 most_k_group_words(i64 k, i64 count) { return (ceil_div(k, i64(128)) + 3 * count) / 4; }
/// Packed scales of an operand of `mn` rows in groups of K, 1 x 128, MN-major: `words` rows of words, `stride` words apart (0:
/// `mn` rounded up to a multiple of 4). Each group begins with a new word, and the words of groups follow each other without
/// gaps, whatever their alignment: group g has ceil(size / 512). scale::pack_k_grouped writes them so.
constexpr scale_argument k_grouped_scales(const void* data, i64 mn, i64 words, i64 stride = 0) {
    return {data, scale_kind::ue8m0, {1, 128}, mn, words, 1, stride == 0 ? align_up(mn, i64(4)) : stride};
}

namespace detail {

/// Words of scales along K of groups [first, end) of concatenated operands, if a word covers `of_word` elements.
constexpr i64 words_of(const k_group_list& groups, i64 first, i64 end, i64 of_word) {
    i64 words = 0;
    for (i64 g = first; g < end; ++g) words += ceil_div(i64(groups.host_sizes[g]), max(of_word, i64(1)));
    return words;
}

}  // namespace detail

/// D[g](m,n) = [C[g](m,n) +] sum over k of group g of A(m,k) B(n,k), scales applied: gradients of the weights of experts, say,
/// where k counts tokens. Groups follow each other along K.
struct k_grouped_problem {
    scaled_matrix
        a{};  ///< (M, K), the elements of all groups; with concatenated operands strides of the matrix do not matter
    scaled_matrix b{};  ///< (N, K)
    output_stack d{};   ///< of a matrix (M, N) for each group
    k_group_list groups{};
    std::optional<input_stack> c{};  ///< as D, and of its type; may be D itself
    ready_operands ready{};          ///< as in gemm_problem; the kernel always waits before it reads the list of groups
};

/// What a planner sees of such a problem. Neither alignment nor the kind of list changes which kernel is the best.
struct k_grouped_workload {
    i32 groups = 0;
    problem_shape shape{};  ///< K is the elements of all groups
    bool concatenated = false;
    operand_info a{}, b{};
    dtype d = dtype::f32;
    bool accumulate = false;
    bool in_place = false;  ///< C is D itself

    friend constexpr bool operator==(const k_grouped_workload& x, const k_grouped_workload& y) {
        return x.groups == y.groups && x.concatenated == y.concatenated && x.one() == y.one();
    }
    /// The product of all K, as one group.
    constexpr gemm_workload one() const {
        return {.shape = shape, .a = a, .b = b, .d = d, .accumulate = accumulate, .in_place = in_place};
    }
    /// The product of one group that has as much of K as groups have on average.
    constexpr gemm_workload usual() const {
        gemm_workload made = one();
        made.shape.k = i32(ceil_div(i64(shape.k), i64(max(groups, 1))));
        return made;
    }
    constexpr grouping by() const { return concatenated ? grouping::k_concatenated : grouping::along_k; }
};

/// A hash of every member.
constexpr u64 hash_of(const k_grouped_workload& work) {
    return hashed(hash_of(work.one()), u64(u32(work.groups)) | u64(work.concatenated) << 32);
}

namespace detail {

/// The product of all K, which becomes the first matrix of D. Rows of concatenated operands count as contiguous.
constexpr gemm_problem whole_of(const k_grouped_problem& problem) {
    gemm_problem made{.a = problem.a, .b = problem.b, .d = problem.d.first, .ready = problem.ready};
    if (problem.c) made.c = problem.c->first;
    if (problem.groups.concatenated) {
        for (input_matrix* const x : {&made.a.matrix, &made.b.matrix}) {
            x->row_stride = x->columns;
            x->column_stride = 1;
        }
    }
    return made;
}

}  // namespace detail

namespace detail {

/// True if an operand of a 16-bit type has no two elements along either dimension, so that it is contiguous along both.
constexpr bool either_order(const input_matrix& x) {
    return is_half(x.type) && (x.columns == 0 || (x.columns == 1 && x.rows == 1));
}

}  // namespace detail

/// The workload of a valid problem. A template, so that workload_of({...}) is a dense problem's and not ambiguous.
constexpr k_grouped_workload workload_of(const same_as<k_grouped_problem> auto& problem) {
    const gemm_workload one = workload_of(detail::whole_of(problem));
    k_grouped_workload made{.groups = i32(problem.groups.count),
                            .shape = one.shape,
                            .concatenated = problem.groups.concatenated,
                            .a = one.a,
                            .b = one.b,
                            .d = one.d,
                            .accumulate = one.accumulate,
                            .in_place = one.in_place};
    // An operand that lies in either order counts as lying in that of the other one.
    const bool any_a = detail::either_order(problem.a.matrix), any_b = detail::either_order(problem.b.matrix);
    if (any_a) made.a.contiguous = any_b ? major::mn : made.b.contiguous;
    if (any_b) made.b.contiguous = made.a.contiguous;
    return made;
}

/// True if there is nothing to compute and nothing to write, for any list of groups.
constexpr bool is_empty(const k_grouped_workload& work) {
    return work.groups == 0 || work.shape.m == 0 || work.shape.n == 0 || (work.in_place && work.shape.k == 0);
}

/// What a kernel of groups along K is launched with.
using k_grouped_arguments = gemm_call<epilogue_values, groups_along_k>;

/// The arguments of a kernel for a valid problem. Strides that do not matter become some that tensor maps accept. A template
/// for the same reason as workload_of().
constexpr k_grouped_arguments arguments_of(const same_as<k_grouped_problem> auto& problem) {
    const auto& [a, b, d, groups, c, ready] = problem;
    const k_grouped_workload work = workload_of(problem);
    const auto stride = [&](i64 given) { return work.groups > 1 ? given : i64(16); };
    k_grouped_arguments made{arguments_of(detail::whole_of(problem)), {}, {}};
    made.matrices = work.groups;
    made.d.matrix_pitch = stride(d.matrix_stride);
    if (c) made.c.matrix_pitch = stride(c->matrix_stride);
    const auto words = [k = work.shape.k](const scale_argument& scales) {
        return scales_per_word(scales.kind) == 1 || k == 0 ? 0 : i32(scales.columns);
    };
    made.a.scales.words_k = words(a.scales);
    made.b.scales.words_k = words(b.scales);
    made.tiles = {work.groups,   groups.data,      groups.by_end, groups.concatenated ? 1 : i32(groups.alignment),
                  work.in_place, groups.host_sizes};
    return made;
}

}  // namespace deepgemm
