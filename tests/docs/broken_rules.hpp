// SPDX-License-Identifier: MIT
// Every rule that a caller can break, broken once: the rule in a few words, and the library's answer. docs/rules.md shows them.
#pragma once

#include <array>
#include <cstdio>

#include <deepgemm/host/scale_rules.hpp>
#include <deepgemm/ops/batched_gemm/batched_gemm.hpp>
#include <deepgemm/ops/clean_logits/operation.hpp>
#include <deepgemm/ops/contiguous_gemm/operation.hpp>
#include <deepgemm/ops/contiguous_gemm/transposing.hpp>
#include <deepgemm/ops/gemm/gemm.hpp>
#include <deepgemm/ops/grouped_gemm/operation.hpp>
#include <deepgemm/ops/hc_prenorm/operation.hpp>
#include <deepgemm/ops/k_grouped_gemm/operation.hpp>
#include <deepgemm/ops/k_grouped_gemm/transposing.hpp>
#include <deepgemm/ops/mqa_logits/operation.hpp>
#include <deepgemm/ops/paged_mqa_logits/operation.hpp>
#include <deepgemm/ops/topk/mqa_topk.hpp>
#include <deepgemm/ops/topk/paged_mqa_topk.hpp>
#include <deepgemm/ops/transpose/operation.hpp>

#include "../host/fakes.hpp"

namespace deepgemm::fakes {

/// A rule, and the error for a call that breaks it.
struct broken_rule {
    const char* rule;
    result<void> outcome;
};

/// The verdict on A (256, 1024), B (512, 1024) and D (256, 512), FP8 or 16 bits wide, after a change.
template <class Change>
result<void> broken(Change change, bool half = false) {
    gemm_problem p = half ? half_problem(256, 512, 1024) : problem(256, 512, 1024);
    change(p);
    return validate(p);
}

/// The same with a scale for each row of A and of B.
template <class Change>
result<void> broken_end(Change change) {
    return broken([&](gemm_problem& p) {
        p.a.scales = per_row_scales(p.a.scales.data, 256);
        p.b.scales = per_row_scales(p.b.scales.data, 512);
        change(p);
    });
}

/// The same with exponents for 32 elements of K of A, and B in FP4 with such scales; with `nv` both are FP4, with small floats
/// for 16 elements as scales.
template <class Change>
result<void> broken_small(Change change, bool nv = false) {
    return broken([&](gemm_problem& p) {
        const scale_kind kind = nv ? scale_kind::ue4m3 : scale_kind::ue8m0;
        if (nv) p.a.matrix.type = dtype::e2m1x2;
        p.b.matrix.type = dtype::e2m1x2;
        p.a.scales = mx_scales(p.a.scales.data, kind, 256, 1024);
        p.b.scales = mx_scales(p.b.scales.data, kind, 512, 1024);
        change(p);
    });
}

/// The same of head splits, with D's columns for two heads of 256.
template <class Change>
result<void> broken_heads(const head_splits& heads, Change change) {
    return broken([&](gemm_problem& p) {
        p.heads = heads;
        p.d.columns = p.d.row_stride = 640;
        change(p);
    });
}
inline result<void> broken_heads(const head_splits& heads) {
    return broken_heads(heads, [](gemm_problem&) {});
}

/// C of a problem, apart from everything else.
inline input_matrix c_of(const gemm_problem& p) {
    input_matrix c = p.d;
    c.data = address(6ull << 40);
    return c;
}

inline std::vector<broken_rule> rules_of_matrices() {
    using p_ = gemm_problem;
    return {
        {"M, N and K are from 0 to 2^31 - 4096", broken([](p_& p) { p.a.matrix.rows = -1; })},
        {"the same, where there are no matrices yet", check_extents(4294967424, 512, 1024)},
        {"tiles of D are counted in 31 bits",
         broken([](p_& p) { p.a.matrix.rows = p.b.matrix.rows = p.d.rows = p.d.columns = max_extent; })},
        {"A and B have K columns", broken([](p_& p) { p.b.matrix.columns = 1000; })},
        {"D is M x N", broken([](p_& p) { p.d.rows = 255; })},
        {"C has D's shape", broken([](p_& p) { (p.c = c_of(p))->columns = 500; })},
        {"A is FP8, FP4, BF16, FP16 or TF32", broken([](p_& p) { p.a.matrix.type = dtype::f32; })},
        {"so is B", broken([](p_& p) { p.b.matrix.type = dtype::e2m3; })},
        {"both are FP8 or FP4, or of one other type", broken([](p_& p) { p.b.matrix.type = dtype::f16; }, true)},
        {"D is BF16 or FP32, or FP16 where A and B are", broken([](p_& p) { p.d.type = dtype::f16; })},
        {"C has D's type", broken([](p_& p) { (p.c = c_of(p))->type = dtype::f32; })},
        {"memory that is read or written is given", broken([](p_& p) { p.d.data = nullptr; })},
        {"FP8 operands are contiguous along either dimension", broken([](p_& p) { p.b.matrix.column_stride = 2; })},
        {"16-bit operands, too", broken([](p_& p) { p.a.matrix.column_stride = 3; }, true)},
        {"C and D along N", broken([](p_& p) { p.d.column_stride = 2; })},
        {"rows do not overlap", broken([](p_& p) { p.d.row_stride = 504; })},
        {"rows are less than 2^40 bytes apart", broken([](p_& p) { p.b.matrix.row_stride = i64(1) << 40; })},
        {"rows are a multiple of 16 bytes apart", broken([](p_& p) { p.d.row_stride = 516; })},
        {"matrices start at multiples of 16 bytes", broken([](p_& p) { p.b.matrix.data = moved(p.b.matrix.data, 8); })},
    };
}

inline std::vector<broken_rule> rules_of_scales() {
    using p_ = gemm_problem;
    const auto token_b = [](p_& p) { p.b.scales = per_token_scales(p.b.scales.data, scale_kind::fp32, 512, 1024); };
    return {
        {"both operands of FP8 have scales along K, or neither",
         broken([](p_& p) { p.a.scales = {.kind = scale_kind::none}; })},
        {"16-bit types have none", broken([](p_& p) { p.a.scales = {address(16)}; }, true)},
        {"scales of A cover 1 x 128", broken([](p_& p) {
             p.a.scales.tile = {128, 128};
         })},
        {"scales of B 1 x 128 or 128 x 128", broken([](p_& p) {
             p.b.scales.tile = {1, 32};
         })},
        {"there are as many as tiles", broken([](p_& p) { p.b.scales.rows = 5; })},
        {"packed ones, four to a word", broken([](p_& p) { p.a.scales.kind = scale_kind::ue8m0; })},
        {"they are given", broken([](p_& p) { p.a.scales.data = nullptr; })},
        {"MN-major scales start at multiples of 16 bytes",
         broken([](p_& p) { p.a.scales.data = moved(p.a.scales.data, 4); })},
        {"all others at multiples of 4", broken([](p_& p) { p.b.scales.data = moved(p.b.scales.data, 2); })},
        {"strides of 128 x 128 scales are not negative", broken([](p_& p) { p.b.scales.row_stride = -8; })},
        {"1 x 128 scales are contiguous along rows or along K",
         broken([](p_& p) { p.a.scales.row_stride = 8, p.a.scales.column_stride = 256; })},
        {"those of B along rows", broken([&](p_& p) { token_b(p), p.b.scales.row_stride = 8; })},
        {"rows of K-major scales do not overlap",
         broken([](p_& p) { p.a.scales = k_major_scales(p.a.scales.data, scale_kind::fp32, 256, 1024, 7); })},
        {"columns of MN-major scales do not, and are a multiple of 16 bytes apart",
         broken([](p_& p) { p.a.scales.column_stride = 258; })},
        {"scales that hold for all of K are fp32", broken_end([](p_& p) { p.a.scales.kind = scale_kind::ue8m0; })},
        {"they cover one row or all rows", broken_end([](p_& p) { p.b.scales.tile.mn = 128; })},
        {"there is one for each row", broken_end([](p_& p) { p.a.scales.rows = 255; })},
        {"or one for all of them", broken_end([](p_& p) { p.b.scales.tile.mn = scale_tile::all; })},
        {"they lie at no negative distance", broken_end([](p_& p) { p.b.scales.row_stride = -1; })},
        {"operands without scales name none", broken_end([](p_& p) { p.a.scales.kind = scale_kind::none; })},
        {"16-bit products are not promoted", broken([](p_& p) { p.promoted = true; }, true)},
    };
}

inline std::vector<broken_rule> rules_of_small_operands() {
    using p_ = gemm_problem;
    return {
        {"scales of FP4 are packed", broken_small([](p_& p) { p.b.scales.kind = scale_kind::fp32; })},
        {"those of other types are exponents", broken_small([](p_& p) { p.a.scales.kind = scale_kind::ue4m3; })},
        {"exponents cover these tiles", broken_small([](p_& p) {
             p.a.scales.tile = {1, 64};
         })},
        {"small floats cover 1 x 16", broken_small(
                                          [](p_& p) {
                                              p.b.scales.tile = {1, 32};
                                          },
                                          true)},
        {"there are as many as tiles", broken_small([](p_& p) { p.b.scales.columns = 9; })},
        {"of small floats, too", broken_small([](p_& p) { p.b.scales.columns = 9; }, true)},
        {"both operands have one format",
         broken_small([](p_& p) { p.a.scales = mx_scales(p.a.scales.data, scale_kind::ue8m0, 256, 1024); }, true)},
        {"with small floats both lie along K", broken_small(
                                                   [](p_& p) {
                                                       p.b.matrix.row_stride = 1;
                                                       p.b.matrix.column_stride = 512;
                                                   },
                                                   true)},
        {"FP4 beside FP8 has a multiple of 128 elements in a row", broken_small([](p_& p) {
             p.a.matrix.columns = p.b.matrix.columns = 1056;
             p.a.matrix.row_stride = p.b.matrix.row_stride = 1088;
             p.a.scales = mx_scales(p.a.scales.data, scale_kind::ue8m0, 256, 1056);
             p.b.scales = mx_scales(p.b.scales.data, scale_kind::ue8m0, 512, 1056);
         })},
        {"packed FP4 an even number",
         broken_small([](p_& p) { p.a.matrix.columns = p.b.matrix.columns = 1023; }, true)},
        {"FP4 beside FP8 starts at multiples of 32 bytes",
         broken_small([](p_& p) { p.b.matrix.data = moved(p.b.matrix.data, 16); })},
        {"and so do its rows", broken_small([](p_& p) { p.b.matrix.row_stride = 1056; })},
        {"rows of packed FP4 are a multiple of 16 bytes apart",
         broken_small([](p_& p) { p.b.matrix.row_stride = 1040; }, true)},
        {"FP4 is not promoted", broken_small([](p_& p) { p.promoted = true; })},
    };
}

inline std::vector<broken_rule> rules_of_memory() {
    using p_ = gemm_problem;
    return {
        {"D lies apart from A and B", broken([](p_& p) { p.a.matrix.data = p.d.data; })},
        {"and from their scales", broken([](p_& p) { p.b.scales.data = p.d.data; })},
        {"C lies apart from D or is D itself", broken([](p_& p) { (p.c = p.d)->data = moved(p.d.data, 1024); })},
        {"C that is D has D's stride", broken([](p_& p) { p.c = p.d, p.d.row_stride = 1024; })},
    };
}

inline std::vector<broken_rule> rules_of_heads() {
    using p_ = gemm_problem;
    return {
        {"widths are multiples of 64", broken_heads({100, 64, 128})},
        {"something is written", broken_heads({0, 64, 0})},
        {"N and K are not 0", broken_heads({128, 64, 128}, [](p_& p) { p.a.matrix.columns = p.b.matrix.columns = 0; })},
        {"N is a multiple of left + right", broken_heads({128, 64, 256})},
        {"A and B are FP8", broken(
                                [](p_& p) {
                                    p.heads = {128, 64, 128};
                                },
                                true)},
        {"D is BF16", broken_heads({128, 64, 128}, [](p_& p) { p.d.type = dtype::f32; })},
        {"there is no C", broken_heads({128, 64, 128}, [](p_& p) { p.c = c_of(p); })},
        {"D is as wide as all heads", broken_heads({128, 64, 128}, [](p_& p) { p.d.columns = 512; })},
    };
}

/// The verdict on A (256, 1024), B (512, 1024) and D (256, 512) with an epilogue, after a change.
template <class Change>
result<void> broken_steps(const epilogue_argument& epilogue, Change change) {
    return broken([&](gemm_problem& p) {
        p.epilogue = epilogue;
        if (epilogue.cast) p.d.type = dtype::e4m3;
        if (epilogue.activation == activation_kind::swiglu) p.d.columns = 256;
        change(p);
    });
}
template <class Change>
result<void> broken_cast_of_d(Change change) {
    return broken_steps({.cast = cast_argument{{address(7ull << 40), 1, 256}}}, change);
}
template <class Change>
result<void> broken_gate(Change change) {
    return broken_steps({.activation = activation_kind::swiglu}, change);
}

inline std::vector<broken_rule> rules_of_epilogues() {
    using p_ = gemm_problem;
    const auto bias = [](dtype type, i64 stride = 0) {
        return epilogue_argument{.bias = bias_argument{address(7ull << 40), type, stride}};
    };
    const auto nothing = [](p_&) {};
    return {
        {"the bias is FP32, BF16 or FP16", broken_steps(bias(dtype::e4m3), nothing)},
        {"it starts at a pair of elements",
         broken_steps(bias(dtype::bf16), [](p_& p) { p.epilogue.bias->data = address(2); })},
        {"biases of matrices are an even number of elements apart", broken_steps(bias(dtype::bf16, 513), nothing)},
        {"and not fewer than none", broken_steps(bias(dtype::bf16, -2), nothing)},
        {"so are factors", broken_steps({.alpha = alpha_arguments{1, nullptr, -1}}, nothing)},
        {"a factor in memory starts at a multiple of 4 bytes",
         broken_steps({.alpha = alpha_arguments{1, static_cast<const float*>(address(2))}}, nothing)},
        {"an activation is one of those there are", broken_steps({.activation = activation_kind(9)}, nothing)},
        {"swiglu takes gate and up-projection in turns of eight columns",
         broken_gate([](p_& p) { p.b.matrix.rows = 520, p.b.scales.rows = 5, p.d.columns = 260; })},
        {"it leaves half of the columns", broken_gate([](p_& p) { p.d.columns = 512; })},
        {"its clamp is not negative", broken_gate([](p_& p) { p.epilogue.swiglu.clamp = -1; })},
        {"weights of rows are for swiglu",
         broken([](p_& p) { p.epilogue.swiglu.row_weights = static_cast<const float*>(address(7ull << 40)); })},
        {"so is the clamp", broken([](p_& p) { p.epilogue.swiglu.clamp = 10; })},
        {"they start at a multiple of 4 bytes",
         broken_gate([](p_& p) { p.epilogue.swiglu.row_weights = static_cast<const float*>(address(2)); })},
        {"those of matrices are not fewer than none apart",
         broken_gate([](p_& p) { p.epilogue.swiglu.matrix_stride = -1; })},
        {"stochastic rounding is to BF16",
         broken_steps({.stochastic = rounding_seed{}}, [](p_& p) { p.d.type = dtype::f32; })},
        {"it adds no C", broken_steps({.stochastic = rounding_seed{}}, [](p_& p) { p.c = c_of(p); })},
        {"a seed in memory starts at a multiple of 8 bytes",
         broken_steps({.stochastic = rounding_seed{1, static_cast<const u64*>(address(4))}}, nothing)},
        {"a D that is cast is FP8", broken_cast_of_d([](p_& p) { p.d.type = dtype::bf16; })},
        {"and rounded once",
         broken_cast_of_d([](p_& p) { p.epilogue.stochastic = rounding_seed{}, p.d.type = dtype::e4m3; })},
        {"it adds no C", broken_cast_of_d([](p_& p) { p.c = c_of(p); })},
        {"a scale covers 32 or 128 columns", broken_cast_of_d([](p_& p) { p.epilogue.cast->columns = 64; })},
        {"in one of the formats there are",
         broken_cast_of_d([](p_& p) { p.epilogue.cast->format = scale::cast_scales(7); })},
        {"scales of D are contiguous along rows or columns and do not overlap",
         broken_cast_of_d([](p_& p) { p.epilogue.cast->scales.stride_k = 255; })},
        {"they are less than 2^40 words apart",
         broken_cast_of_d([](p_& p) { p.epilogue.cast->scales.stride_k = (i64(1) << 40) + 1; })},
        {"those of matrices not fewer than none",
         broken_cast_of_d([](p_& p) { p.epilogue.cast->scales.matrix_stride = -1; })},
        {"they start at a multiple of 4 bytes",
         broken_cast_of_d([](p_& p) { p.epilogue.cast->scales.data = address(2); })},
        {"and lie apart from D", broken_cast_of_d([](p_& p) { p.epilogue.cast->scales.data = p.d.data; })},
        {"with head splits D is the product alone",
         broken_heads({128, 64, 128}, [](p_& p) { p.epilogue.alpha = alpha_arguments{2}; })},
    };
}

/// The verdict on a cast of x (300, 500) in BF16, after a change.
template <class K, class Change>
result<void> broken_cast(Change change) {
    scale::cast_arguments a{address(1 << 20), 512, address(2 << 20), 512, 300, 500, address(3 << 20), 1, 304};
    change(a);
    return validate<K>(a);
}
/// The verdict on 4 groups of A (256, 1024), B (512, 1024) and D (256, 512) with slots of their own, after a change.
template <class Change>
result<void> broken_slots(Change change) {
    const gemm_problem one = problem(256, 512, 1024);
    grouped_problem p{.a = dense_stack(one.a, 4),
                      .b = dense_stack(one.b, 4),
                      .d = dense_stack(one.d, 4),
                      .counts = static_cast<const i32*>(address(9ull << 40))};
    change(p);
    const auto found = checked<ops::grouped_gemm>(p);
    return found ? result<void>() : found.failure();
}

/// The verdict on A (256, 1024) and D (256, 512) in 4 groups of rows, each with a matrix B (512, 1024), after a change.
template <class Change>
result<void> broken_rows(Change change) {
    const gemm_problem one = problem(256, 512, 1024);
    contiguous_problem p{.a = one.a,
                         .b = dense_stack(one.b, 4),
                         .d = one.d,
                         .groups = groups_by_end(static_cast<const i32*>(address(9ull << 40)))};
    change(p);
    const auto found = checked<ops::contiguous_gemm>(p);
    return found ? result<void>() : found.failure();
}

/// A list of rows, at an address apart from all else.
inline const i32* const some_rows = static_cast<const i32*>(address(10ull << 40));
/// Makes a product of BF16 with A contiguous along M.
inline void along_m(contiguous_problem& p) {
    for (scaled_matrix* const x : {&p.a, &p.b.first}) {
        *x = unscaled(x->matrix);
        x->matrix.type = dtype::bf16;
    }
    p.a.matrix.row_stride = 1;
    p.a.matrix.column_stride = 256;
}

inline std::vector<broken_rule> rules_of_groups() {
    using s_ = grouped_problem;
    using r_ = contiguous_problem;
    return {
        {"FP8 has scales along K", broken_slots([](s_& p) { p.a.first.scales.kind = scale_kind::none; })},
        {"scales of D do not overlap", broken_slots([](s_& p) {
             p.d.first.type = dtype::e4m3;
             p.d.first.row_stride = 512;
             p.epilogue.cast = cast_argument{{address(7ull << 40), 1, 256, 1023}};
         })},
        {"there are from 0 to 2^31 - 4096 groups", broken_slots([](s_& p) { p.a.count = -1; })},
        {"with slots, each has a matrix in every stack", broken_slots([](s_& p) { p.b.count = 3; })},
        {"tiles of all groups are counted in 31 bits, with slots",
         broken_slots([](s_& p) { p.a.count = p.b.count = p.d.count = i64(1) << 26; })},
        {"and in rows", broken_rows([](r_& p) { p.b.count = i64(1) << 25; })},
        {"expected rows are not negative", broken_rows([](r_& p) { p.groups.expected_rows = -1; })},
        {"matrices of a stack lie apart", broken_slots([](s_& p) { p.d.matrix_stride = -512; })},
        {"by a multiple of 16 bytes", broken_rows([](r_& p) { p.b.matrix_stride += 8; })},
        {"and less than 2^40 bytes", broken_slots([](s_& p) { p.d.matrix_stride = i64(1) << 39; })},
        {"scales of a stack are at no negative distance", broken_rows([](r_& p) { p.b.scale_stride = -1; })},
        {"those that TMA loads at a multiple of 16 bytes", broken_slots([](s_& p) { p.a.scale_stride += 2; })},
        {"groups of rows are given in one of two ways", broken_rows([](r_& p) { p.groups.by = grouping::masked; })},
        {"they are aligned to 1 to 4096 rows", broken_rows([](r_& p) { p.groups.alignment = 0; })},
        {"counts are given", broken_slots([](s_& p) { p.counts = nullptr; })},
        {"so are ends", broken_rows([](r_& p) { p.groups.data = nullptr; })},
        {"or the group of each row", broken_rows([](r_& p) {
             p.groups.by = grouping::indexed;
             p.groups.data = nullptr;
         })},
        {"counts and lists are aligned to integers",
         broken_slots([](s_& p) { p.counts = static_cast<const i32*>(moved(p.counts, 2)); })},
        {"D lies apart from them", broken_rows([](r_& p) { p.groups.data = static_cast<const i32*>(p.d.data); })},
        {"lists of rows have from 0 to 2^31 - 4096 entries",
         broken_rows([](r_& p) { p.a_rows = list_of_rows(some_rows, -1); })},
        {"one for each row of D, if rows of A are gathered",
         broken_rows([](r_& p) { p.a_rows = list_of_rows(some_rows, 255); })},
        {"that A has", broken_rows([](r_& p) { p.a_rows = list_of_rows(some_rows, 256), p.a.matrix.rows = 0; })},
        {"such rows are contiguous along K", broken_rows([](r_& p) {
             p.a_rows = list_of_rows(some_rows, 256);
             along_m(p);
         })},
        {"one for each row of the product, if rows of D are scattered",
         broken_rows([](r_& p) { p.d_rows = list_of_rows(some_rows, 255); })},
        {"which leaves none between groups",
         broken_rows([](r_& p) { p.d_rows = list_of_rows(some_rows, 256), p.groups.zero_padding = true; })},
        {"nor are they cast", broken_rows([](r_& p) {
             p.d_rows = list_of_rows(some_rows, 256);
             p.d.type = dtype::e4m3;
             p.epilogue.cast = cast_argument{{address(7ull << 40), 1, 256}};
         })},
        {"and needs K", broken_rows([](r_& p) {
             p.d_rows = list_of_rows(some_rows, 256);
             p.a.matrix.columns = p.b.first.matrix.columns = 0;
         })},
        {"lists of rows are given",
         broken_rows([](r_& p) { p.a_rows = list_of_rows(static_cast<const i32*>(nullptr), 256); })},
        {"and aligned to integers, of 64 bits",
         broken_rows([](r_& p) { p.a_rows = list_of_rows(static_cast<const i64*>(moved(some_rows, 4)), 256); })},
        {"D lies apart from them",
         broken_rows([](r_& p) { p.d_rows = list_of_rows(static_cast<const i32*>(p.d.data), 256); })},
    };
}

/// The verdict on A (256, 1024) and B (512, 1024), scaled by token, in 4 groups of K, each of which is added to a matrix D
/// (256, 512), after a change. `apart` are sizes of concatenated operands.
template <class Change>
result<void> broken_k_groups(Change change, const std::vector<i32>& apart = {}) {
    const gemm_problem one = problem(256, 512, 1024);
    const i32* const list = static_cast<const i32*>(address(9ull << 40));
    k_grouped_problem p{.a = one.a, .b = one.b, .d = dense_stack(one.d, 4), .groups = k_groups_by_size(list, 4)};
    p.b.scales = per_token_scales(p.b.scales.data, scale_kind::fp32, 512, 1024);
    p.d.first.type = dtype::f32;
    p.c = p.d;
    if (!apart.empty()) p.groups = concatenated_groups(list, apart.data(), i64(apart.size()));
    p.d.count = p.c->count = p.groups.count;
    change(p);
    const auto found = checked<ops::k_grouped_gemm>(p);
    return found ? result<void>() : found.failure();
}

inline std::vector<broken_rule> rules_of_k_groups() {
    using p_ = k_grouped_problem;
    const auto unchanged = [](p_&) {};
    const std::vector<i32> right{256, 0, 128, 640};
    const auto pack = [](p_& p, i64 of_a, i64 of_b) {
        p.a.scales = k_grouped_scales(p.a.scales.data, 256, of_a);
        p.b.scales = k_grouped_scales(p.b.scales.data, 512, of_b);
    };
    return {
        {"each group has a matrix of D", broken_k_groups([](p_& p) { p.d.count = 3; })},
        {"and of C, if that is given", broken_k_groups([](p_& p) { p.c->count = 5; })},
        {"groups start at multiples of 1 to 4096 elements", broken_k_groups([](p_& p) { p.groups.alignment = 0; })},
        {"with scales each group starts with one of its own", broken_k_groups([](p_& p) { p.groups.alignment = 64; })},
        {"without, at 16 bytes of a row along K", broken_k_groups([](p_& p) {
             for (scaled_matrix* const x : {&p.a, &p.b}) {
                 *x = unscaled(x->matrix);
                 x->matrix.type = dtype::bf16;
             }
             p.groups.alignment = 4;
         })},
        {"in FP8 K is a multiple of 16",
         broken_k_groups([](p_& p) { p.a.matrix.columns = p.b.matrix.columns = 1016; })},
        {"sizes are given", broken_k_groups([](p_& p) { p.groups.data = nullptr; })},
        {"so are those of concatenated operands in host memory",
         broken_k_groups([](p_& p) { p.groups.host_sizes = nullptr; }, right)},
        {"which are no ends", broken_k_groups([](p_& p) { p.groups.by_end = true; }, right)},
        {"a launch takes so many of them", broken_k_groups(unchanged, std::vector<i32>(33, 0))},
        {"sizes are multiples of 128", broken_k_groups(unchanged, {256, 100, 28, 640})},
        {"and their sum is K", broken_k_groups(unchanged, {256, 0, 128, 512})},
        {"groups without words of packed scales there are none", broken_k_groups([&](p_& p) { pack(p, 0, 4); })},
        {"concatenated ones have as many as their sizes need", broken_k_groups([&](p_& p) { pack(p, 4, 3); }, right)},
        {"their places have 31 bits", broken_k_groups([&](p_& p) {
             pack(p, 4, 4);
             p.groups.count = p.d.count = p.c->count = 5592404;
             p.d.matrix_stride = p.c->matrix_stride = 256 * 512;
         })},
    };
}

/// The verdict on 4 products of A (256, 1024), B (512, 1024) and D (256, 512) in BF16, or on their sum, after a change.
template <class Change>
result<void> broken_batch(bool sum, Change change) {
    const auto at = [](u64 terabyte) { return address(terabyte << 40); };
    batched_problem p{.a = unscaled(input_stack(dense_stack(row_major(static_cast<const bf16*>(at(1)), 256, 1024), 4))),
                      .b = unscaled(input_stack(dense_stack(row_major(static_cast<const bf16*>(at(2)), 512, 1024), 4))),
                      .d = dense_stack(row_major(static_cast<bf16*>(at(3)), 256, 512), sum ? 1 : 4),
                      .sum = sum};
    if (sum) p.workspace = {at(4), u64(1) << 24};
    change(p);
    const auto found = checked<ops::batched_gemm>(p);
    return found ? result<void>() : found.failure();
}

inline std::vector<broken_rule> rules_of_batches() {
    using p_ = batched_problem;
    return {
        {"there are from 0 to 2^31 - 4096 products", broken_batch(false, [](p_& p) { p.a.count = -1; })},
        {"each has a matrix in every stack", broken_batch(false, [](p_& p) { p.b.count = 3; })},
        {"matrices lie apart, one after another or row by row", broken_batch(false,
                                                                             [](p_& p) {
                                                                                 p.d.first.row_stride = 4 * 520;
                                                                                 p.d.matrix_stride = 500;
                                                                             })},
        {"a sum has one D", broken_batch(true, [](p_& p) { p.d.count = 4; })},
        {"tiles of all products are counted in 31 bits",
         broken_batch(false, [](p_& p) { p.a.count = p.b.count = p.d.count = i64(1) << 26; })},
        {"so are blocks of K of a sum", broken_batch(true, [](p_& p) { p.a.count = p.b.count = i64(1) << 27; })},
        {"products in FP8 are not summed up",
         broken_batch(true,
                      [](p_& p) {
                          for (scaled_stack* const x : {&p.a, &p.b}) {
                              const i64 rows = x->first.matrix.rows;
                              x->first.matrix.type = dtype::e4m3;
                              x->first.scales = per_token_scales(address(5ull << 40), scale_kind::fp32, rows, 1024);
                          }
                      })},
        {"a sum is added to FP32", broken_batch(true, [](p_& p) { p.accumulate = true; })},
        {"a sum has a workspace that holds D as FP32", broken_batch(true, [](p_& p) { p.workspace.bytes = 1024; })},
        {"at a multiple of 128 bytes",
         broken_batch(true, [](p_& p) { p.workspace.data = static_cast<char*>(p.workspace.data) + 64; })},
        {"apart from D", broken_batch(true, [](p_& p) { p.workspace.data = p.d.first.data; })},
    };
}

/// The verdict on A (100, 512), B (24, 512), D (100, 24) and q (100) in 4 parts of K, after a change.
template <class Change>
result<void> broken_prenorm(Change change) {
    hc_prenorm_problem p{.a = row_major(static_cast<const bf16*>(address(1ull << 40)), 100, 512),
                         .b = row_major(static_cast<const float*>(address(2ull << 40)), 24, 512),
                         .d = dense_stack(row_major(static_cast<float*>(address(3ull << 40)), 100, 24), 4),
                         .q = row_major(static_cast<float*>(address(4ull << 40)), 4, 100)};
    change(p);
    const auto found = checked<ops::hc_prenorm>(p);
    return found ? result<void>() : found.failure();
}

inline std::vector<broken_rule> rules_of_prenorms() {
    using p_ = hc_prenorm_problem;
    return {
        {"A is BF16", broken_prenorm([](p_& p) { p.a.type = dtype::f16; })},
        {"B, D and q are FP32", broken_prenorm([](p_& p) { p.d.first.type = dtype::bf16; })},
        {"B has a row or more", broken_prenorm([](p_& p) { p.b.rows = p.d.first.columns = 0; })},
        {"D has a matrix or more, one for each part", broken_prenorm([](p_& p) { p.d.count = 0; })},
        {"tiles of all parts are counted in 31 bits",
         broken_prenorm([](p_& p) { p.d.count = p.q.rows = i64(1) << 29; })},
        {"A and B have K columns", broken_prenorm([](p_& p) { p.b.columns = 511; })},
        {"D has the rows of A and of B", broken_prenorm([](p_& p) { p.d.first.columns = 32; })},
        {"q has a row for each part, of a sum for each row of A", broken_prenorm([](p_& p) { p.q.rows = 3; })},
        {"with one part, too", broken_prenorm([](p_& p) { p.d.count = 1; })},
        {"A and B start at multiples of 16 bytes, and so do their rows",
         broken_prenorm([](p_& p) { p.b.row_stride = 514; })},
        {"D and q start at elements", broken_prenorm([](p_& p) { p.q.data = static_cast<char*>(p.q.data) + 2; })},
        {"rows do not overlap", broken_prenorm([](p_& p) { p.q.row_stride = 99; })},
        {"nor do matrices of D", broken_prenorm([](p_& p) { p.d.matrix_stride = 2399; })},
        {"rows of q are contiguous", broken_prenorm([](p_& p) { p.q.column_stride = 4; })},
        {"q lies apart from D", broken_prenorm([](p_& p) { p.q.data = p.d.first.data; })},
    };
}

/// The verdict on packing 3 x 400 x 10 scales, after a change.
template <class Change>
result<void> broken_transform(Change change) {
    scale::to_mn_major_arguments a{static_cast<const float*>(address(1 << 20)),
                                   4000,
                                   10,
                                   1,
                                   3,
                                   400,
                                   10,
                                   1,
                                   address(2 << 20),
                                   static_cast<u32*>(address(64))};
    change(a);
    return validate<scale::to_mn_major<scale::ue8m0>>(a);
}

/// The verdict on packing the scales, of 12 rows and 400 columns, of 4 groups along K to 5 rows of words, after a change.
template <class Change>
result<void> broken_k_packing(Change change) {
    scale::pack_k_grouped_arguments a{.in = static_cast<const float*>(address(1 << 20)),
                                      .row_stride = 400,
                                      .rows = 12,
                                      .mn = 400,
                                      .layout = static_cast<const i32*>(address(256)),
                                      .groups = 4,
                                      .out = static_cast<u32*>(address(2 << 20)),
                                      .words = 5,
                                      .invalid = static_cast<u32*>(address(64))};
    change(a);
    return validate<scale::pack_k_grouped>(a);
}

/// The verdict on scores of 100 queries of 64 heads of 128 and 5000 keys, after a change.
template <class Change>
result<void> broken_mqa(Change change) {
    const auto at = [](u64 terabyte) { return address(terabyte << 40); };
    mqa_logits_problem p{.queries = 100,
                         .heads = 64,
                         .depth = 128,
                         .keys = 5000,
                         .q = static_cast<const e4m3*>(at(1)),
                         .key = static_cast<const e4m3*>(at(2)),
                         .scale = static_cast<const float*>(at(3)),
                         .weights = at(4),
                         .first = static_cast<const i32*>(at(5)),
                         .last = static_cast<const i32*>(at(6)),
                         .logits = at(7)};
    change(p);
    const auto found = checked<ops::mqa_logits>(p);
    return found ? result<void>() : found.failure();
}

inline std::vector<broken_rule> rules_of_mqa_logits() {
    using p_ = mqa_logits_problem;
    return {
        {"heads are a multiple of 4 up to 128", broken_mqa([](p_& p) { p.heads = 30; })},
        {"depth is 32, 64 or 128", broken_mqa([](p_& p) { p.depth = 96; })},
        {"weights are FP32, BF16 or FP16", broken_mqa([](p_& p) { p.weights_type = dtype::e4m3; })},
        {"and so are logits", broken_mqa([](p_& p) { p.logits_type = dtype::i32; })},
        {"queries are from 0 to 2^31 - 4096", broken_mqa([](p_& p) { p.queries = -1; })},
        {"and keys", broken_mqa([](p_& p) { p.keys = i64(1) << 40; })},
        {"and the heads of all queries", broken_mqa([](p_& p) { p.queries = 1 << 26; })},
        {"and key tiles of all queries are counted in 32 bits",
         broken_mqa([](p_& p) { p.queries = 1 << 20, p.keys = i64(1) << 30; })},
        {"and columns of compressed logits, from 1 on", broken_mqa([](p_& p) { p.form = logits_form::compressed; })},
        {"TMA can step from key to key", broken_mqa([](p_& p) { p.key_stride = 136; })},
        {"rows of keys do not overlap", broken_mqa([](p_& p) { p.key_stride = 112; })},
        {"nor those of weights", broken_mqa([](p_& p) { p.weights_stride = -64; })},
        {"nor those of logits", broken_mqa([](p_& p) { p.logits_stride = 4999; })},
        {"q is given, as all tensors are", broken_mqa([](p_& p) { p.q = nullptr; })},
        {"ranges, too", broken_mqa([](p_& p) { p.first = nullptr; })},
        {"and both of their ends", broken_mqa([](p_& p) { p.last = nullptr; })},
        {"q, keys and scales are aligned for TMA", broken_mqa([](p_& p) { ++p.scale; })},
        {"weights and logits are aligned to their elements",
         broken_mqa([](p_& p) { p.weights = moved(p.weights, 2); })},
        {"of 16 bits, too", broken_mqa([](p_& p) { p.logits_type = dtype::bf16, p.logits = moved(p.logits, 1); })},
        {"logits lie apart from all else", broken_mqa([](p_& p) { p.logits = const_cast<float*>(p.scale); })},
    };
}

/// The verdict on the cleaning of logits (100, 5000) in FP32, after a change.
template <class Change>
result<void> broken_cleaning(Change change) {
    clean_logits_problem p{.d = row_major(static_cast<float*>(address(1ull << 40)), 100, 5000),
                           .first = static_cast<const i32*>(address(2ull << 40)),
                           .last = static_cast<const i32*>(address(3ull << 40))};
    change(p);
    const auto found = checked<ops::clean_logits>(p);
    return found ? result<void>() : found.failure();
}

inline std::vector<broken_rule> rules_of_clean_logits() {
    using p_ = clean_logits_problem;
    return {
        {"queries and keys are from 0 to 2^31 - 4096", broken_cleaning([](p_& p) { p.d.rows = -1; })},
        {"D is FP32, BF16 or FP16", broken_cleaning([](p_& p) { p.d.type = dtype::e4m3; })},
        {"rows of D are contiguous", broken_cleaning([](p_& p) { p.d.column_stride = 100, p.d.row_stride = 1; })},
        {"and do not overlap", broken_cleaning([](p_& p) { p.d.row_stride = 4999; })},
        {"D is given", broken_cleaning([](p_& p) { p.d.data = nullptr; })},
        {"ranges, too", broken_cleaning([](p_& p) { p.first = nullptr; })},
        {"D is aligned to its elements", broken_cleaning([](p_& p) { p.d.data = moved(p.d.data, 2); })},
        {"of 16 bits, too", broken_cleaning([](p_& p) { p.d.type = dtype::bf16, p.d.data = moved(p.d.data, 1); })},
        {"ranges are apart from D", broken_cleaning([](p_& p) { p.d.data = const_cast<i32*>(p.last); })},
    };
}

/// The verdict on scores of 100 requests of 2 queries of 64 heads of 128, 5000 columns and 9000 pages of 64 keys, after a
/// change.
template <class Change>
result<void> broken_pages(Change change) {
    const auto at = [](u64 terabyte) { return address(terabyte << 40); };
    paged_mqa_logits_problem p{.requests = 100,
                               .next_n = 2,
                               .heads = 64,
                               .depth = 128,
                               .columns = 5000,
                               .pages = 9000,
                               .q = static_cast<const e4m3*>(at(1)),
                               .cache = at(2),
                               .weights = at(3),
                               .lengths = static_cast<const i32*>(at(4)),
                               .block_table = static_cast<const i32*>(at(5)),
                               .logits = at(6)};
    change(p);
    const auto found = checked<ops::paged_mqa_logits>(p);
    return found ? result<void>() : found.failure();
}

inline std::vector<broken_rule> rules_of_paged_mqa_logits() {
    using p_ = paged_mqa_logits_problem;
    return {
        {"heads, depth and types are as above", broken_pages([](p_& p) { p.heads = 30; })},
        {"a page has 32, 64 or 128 keys", broken_pages([](p_& p) { p.block = 48; })},
        {"logits are full or unclean", broken_pages([](p_& p) { p.form = logits_form::compressed; })},
        {"requests are from 0 to 2^31 - 4096", broken_pages([](p_& p) { p.requests = -1; })},
        {"and next_n from 1 on", broken_pages([](p_& p) { p.next_n = 0; })},
        {"queries and columns from 0 on", broken_pages([](p_& p) { p.columns = -7; })},
        {"and heads of all queries are limited, too", broken_pages([](p_& p) { p.requests = 1 << 25; })},
        {"and slots of 64 keys of all queries are counted in 32 bits",
         broken_pages([](p_& p) { p.requests = 1 << 19, p.columns = i64(1) << 30; })},
        {"pages are from 0 to 2^31 - 4096", broken_pages([](p_& p) { p.pages = -1; })},
        {"and columns of the block table", broken_pages([](p_& p) { p.table_columns = -1; })},
        {"pages do not overlap, and TMA can step from page to page", broken_pages([](p_& p) { p.page_stride = 8192; })},
        {"rows of the block table do not overlap", broken_pages([](p_& p) { p.table_stride = 78; })},
        {"nor those of weights", broken_pages([](p_& p) { p.weights_stride = 60; })},
        {"nor those of logits", broken_pages([](p_& p) { p.logits_stride = 4999; })},
        {"a schedule has words for a multiprocessor at least",
         broken_pages([](p_& p) { p.schedule = static_cast<i32*>(address(7ull << 40)); })},
        {"who makes one gives its memory",
         broken_pages([](p_& p) { p.makes_schedule = true, p.schedule_words = paged_mqa_schedule_words(132); })},
        {"which is aligned for TMA", broken_pages([](p_& p) {
             p.schedule_words = paged_mqa_schedule_words(132);
             p.schedule = static_cast<i32*>(address((7ull << 40) + 8));
         })},
        {"the cache is given, if it has pages", broken_pages([](p_& p) { p.cache = nullptr; })},
        {"lengths, too", broken_pages([](p_& p) { p.lengths = nullptr; })},
        {"and the block table", broken_pages([](p_& p) { p.block_table = nullptr; })},
        {"indices, if given, are aligned to integers",
         broken_pages([](p_& p) { p.indices = reinterpret_cast<const i32*>(4098); })},
        {"q and the cache are aligned for TMA", broken_pages([](p_& p) { p.cache = moved(p.cache, 8); })},
        {"logits lie apart from all else", broken_pages([](p_& p) { p.logits = const_cast<void*>(p.cache); })},
    };
}

/// The verdict on the 10 largest of 5000 FP32 in each of 100 rows, with scores, after a change.
template <class Change>
result<void> broken_topk(Change change) {
    topk_problem p{.logits = row_major(static_cast<const float*>(address(1ull << 40)), 100, 5000),
                   .indices = row_major(static_cast<i32*>(address(2ull << 40)), 100, 10),
                   .scores = row_major(static_cast<float*>(address(3ull << 40)), 100, 10),
                   .first = static_cast<const i32*>(address(4ull << 40)),
                   .last = static_cast<const i32*>(address(5ull << 40))};
    change(p);
    const auto found = checked<ops::topk>(p);
    return found ? result<void>() : found.failure();
}
/// The verdict on a workspace for the best keys of 100 queries of 64 heads of 128 and 5000 keys.
inline result<void> broken_workspace(u64 at, u64 bytes) {
    using both = engine_of<ops::mqa_logits, ops::topk>;
    const mqa_logits_problem p{.queries = 100, .heads = 64, .depth = 128, .keys = 5000};
    const mqa_topk_result to{row_major(static_cast<i32*>(address(2ull << 40)), 100, 10)};
    return fp8_mqa_topk(both(device_info::h200()), p, to, {address(at), bytes});
}
/// The same for 50 requests of 2 queries, over pages.
inline result<void> broken_paged_workspace(u64 bytes, bool makes_schedule = false) {
    using both = engine_of<ops::paged_mqa_logits, ops::topk>;
    const paged_mqa_logits_problem p{.requests = 50,
                                     .next_n = 2,
                                     .heads = 64,
                                     .depth = 128,
                                     .columns = 5000,
                                     .pages = 9000,
                                     .schedule_words = 100,
                                     .makes_schedule = makes_schedule};
    const mqa_topk_result to{row_major(static_cast<i32*>(address(2ull << 40)), 100, 10)};
    return fp8_paged_mqa_topk(both(device_info::h200()), p, to, {address(1ull << 40), bytes});
}

inline std::vector<broken_rule> rules_of_topk() {
    using p_ = topk_problem;
    return {
        {"rows and columns are from 0 to 2^31 - 4096", broken_topk([](p_& p) { p.logits.columns = i64(1) << 40; })},
        {"and so are rows of indices", broken_topk([](p_& p) { p.indices.rows = -1; })},
        {"k is from 1 to 2048", broken_topk([](p_& p) { p.indices.columns = 4096; })},
        {"logits are FP32, BF16 or FP16", broken_topk([](p_& p) { p.logits.type = dtype::e4m3; })},
        {"a row or more share a range", broken_topk([](p_& p) { p.rows_of_range = 0; })},
        {"indices are int32", broken_topk([](p_& p) { p.indices.type = dtype::f32; })},
        {"scores are FP32", broken_topk([](p_& p) { p.scores.type = dtype::bf16; })},
        {"indices have the rows of the logits", broken_topk([](p_& p) { p.indices.rows = 99; })},
        {"scores, too, and k columns", broken_topk([](p_& p) { p.scores.columns = 9; })},
        {"rows of logits are contiguous", broken_topk([](p_& p) { p.logits.column_stride = 100; })},
        {"and do not overlap", broken_topk([](p_& p) { p.logits.row_stride = 4999; })},
        {"nor do those of indices", broken_topk([](p_& p) { p.indices.row_stride = 9; })},
        {"nor those of scores", broken_topk([](p_& p) { p.scores.row_stride = 0; })},
        {"logits and indices are given", broken_topk([](p_& p) { p.indices.data = nullptr; })},
        {"logits are aligned to their elements", broken_topk([](p_& p) { p.logits.data = moved(p.logits.data, 2); })},
        {"of 16 bits, too",
         broken_topk([](p_& p) { p.logits.type = dtype::bf16, p.logits.data = moved(p.logits.data, 1); })},
        {"ranges are aligned to integers", broken_topk([](p_& p) { p.first = reinterpret_cast<const i32*>(4098); })},
        {"both of their ends", broken_topk([](p_& p) { p.last = reinterpret_cast<const i32*>(4097); })},
        {"results lie apart from all else", broken_topk([](p_& p) { p.indices.data = p.scores.data; })},
        {"for `fp8_mqa_topk` a workspace holds a chunk of queries", broken_workspace(1ull << 40, 100000)},
        {"and starts at a multiple of 16 bytes", broken_workspace((1ull << 40) + 8, 1 << 20)},
        {"for `fp8_paged_mqa_topk` a workspace holds a request", broken_paged_workspace(40191)},
        {"and schedules are made elsewhere", broken_paged_workspace(1 << 20, true)},
    };
}

/// The verdict on three matrices X (100, 5000) at row stride 5008 and their transposes, after a change.
template <class Change>
result<void> broken_transpose(Change change) {
    transpose_problem p{.x = {{address(1ull << 40), dtype::e4m3, 100, 5000, 5008, 1}, 3, 100 * 5008},
                        .y = {{address(2ull << 40), dtype::e4m3, 5000, 100, 112, 1}, 3, 5000 * 112}};
    change(p);
    const auto found = checked<ops::transpose>(p);
    return found ? result<void>() : found.failure();
}
/// The verdict on an FP8 product of A (256, 1024) and B (512, 1024), both or B contiguous along M or N, in a workspace.
inline result<void> broken_turned(u64 at, u64 bytes, bool both = true, i64 b_stride = 512) {
    using transposing = engine_of<ops::gemm, ops::transpose>;
    gemm_problem p = problem(256, 512, 1024);
    if (both) p.a.matrix.row_stride = 1, p.a.matrix.column_stride = 256;
    p.b.matrix.row_stride = 1, p.b.matrix.column_stride = b_stride;
    return fp8_gemm_nt(transposing(device_info::h200()), p.a, p.b, p.d, {.workspace = {address(at), bytes}});
}

/// The same of groups of rows by three matrices B (1024, 512).
inline result<void> broken_turned_groups(u64 bytes) {
    using transposing = engine_of<ops::contiguous_gemm, ops::transpose>;
    const gemm_problem p = problem(256, 512, 1024);
    scaled_matrix b = transposed(p.b);
    b.matrix.row_stride = 512, b.matrix.column_stride = 1;
    const i32* const ends = static_cast<const i32*>(address(7ull << 40));
    return m_grouped_fp8_gemm_nn_contiguous(transposing(device_info::h200()), p.a, dense_stack(b, 3), p.d,
                                            groups_by_end(ends), {address(6ull << 40), bytes});
}

/// The same of a group of K of A (1024, 256) and B (1024, 512).
inline result<void> broken_turned_k_groups(u64 bytes) {
    using transposing = engine_of<ops::k_grouped_gemm, ops::transpose>;
    gemm_problem p = problem(256, 512, 1024);
    p.b.scales = per_token_scales(p.b.scales.data, scale_kind::fp32, 512, 1024);
    p.a.matrix.row_stride = 1, p.a.matrix.column_stride = 256;
    p.b.matrix.row_stride = 1, p.b.matrix.column_stride = 512;
    return k_grouped_fp8_gemm_tn_contiguous(
        transposing(device_info::h200()), transposed(p.a), transposed(p.b), dense_stack(p.d, 1),
        k_groups_by_size(static_cast<const i32*>(address(7ull << 40)), 1), {address(6ull << 40), bytes});
}

/// The same of four products of A (1024, 256) and B (1024, 512), scaled by token.
template <class... Operations>
result<void> broken_turned_batch(u64 bytes) {
    gemm_problem p = problem(256, 512, 1024);
    p.b.scales = per_token_scales(address(4ull << 40), scale_kind::fp32, 512, 1024);
    p.a.matrix.row_stride = 1, p.a.matrix.column_stride = 256;
    p.b.matrix.row_stride = 1, p.b.matrix.column_stride = 512;
    return fp8_batched_gemm_nt(engine_of<Operations...>(device_info::h200()), dense_stack(p.a, 4), dense_stack(p.b, 4),
                               dense_stack(p.d, 4), {.workspace = {address(6ull << 40), bytes}});
}

inline std::vector<broken_rule> rules_of_transpose() {
    using p_ = transpose_problem;
    return {
        {"rows and columns are from 0 to 2^31 - 4096", broken_transpose([](p_& p) { p.x.first.rows = -1; })},
        {"and so is the number of matrices", broken_transpose([](p_& p) { p.x.count = -3; })},
        {"X is FP8", broken_transpose([](p_& p) { p.x.first.type = dtype::bf16; })},
        {"and so is Y, of the same type", broken_transpose([](p_& p) { p.y.first.type = dtype::e5m2; })},
        {"Y has as many rows as X has columns, and as many matrices",
         broken_transpose([](p_& p) { p.y.first.rows = 4999; })},
        {"rows are contiguous", broken_transpose([](p_& p) { p.x.first.column_stride = 100; })},
        {"and do not overlap", broken_transpose([](p_& p) { p.y.first.row_stride = 96; })},
        {"they start at multiples of 16 bytes", broken_transpose([](p_& p) { p.x.first.row_stride = 5001; })},
        {"and so do matrices", broken_transpose([](p_& p) { p.y.matrix_stride = 5000 * 112 + 8; })},
        {"and the first of them", broken_transpose([](p_& p) { p.x.first.data = moved(p.x.first.data, 4); })},
        {"matrices lie apart", broken_transpose([](p_& p) { p.y.matrix_stride = 5008; })},
        {"X and Y are given", broken_transpose([](p_& p) { p.y.first.data = nullptr; })},
        {"and lie apart", broken_transpose([](p_& p) { p.y.first.data = const_cast<void*>(p.x.first.data); })},
        {"FP8 products of operands along M and N need a workspace for both", broken_turned(6ull << 40, 700000)},
        {"or for one of them", broken_turned(6ull << 40, 100, false)},
        {"or for all matrices of groups", broken_turned_groups(1 << 20)},
        {"or for the rows of tokens of groups of K", broken_turned_k_groups(1 << 19)},
        {"or for those of a batch", broken_turned_batch<ops::batched_gemm, ops::transpose>(1 << 20)},
        {"which starts at a multiple of 16 bytes", broken_turned((6ull << 40) + 8, 1 << 20)},
        {"and lies apart from all else", broken_turned(3ull << 40, 1 << 20)},
        {"these operands are aligned as others", broken_turned(6ull << 40, 1 << 20, true, 520)},
        {"without ops::transpose an engine needs kernels for their orders",
         broken_turned_batch<ops::batched_gemm>(1 << 24)},
    };
}

inline std::vector<broken_rule> rules_of_casts() {
    using token = scale::cast_per_token<e4m3, bf16, 128, scale::cast_scales::fp32>;
    using wide_token = scale::cast_per_token<e4m3, float, 128, scale::cast_scales::fp32>;
    using c_ = scale::cast_arguments;
    return {
        {"rows and columns are from 0 to 2^31 - 4096", broken_cast<token>([](c_& a) { a.columns = -7; })},
        {"only a cast per block repeats scales", broken_cast<token>([](c_& a) { a.repeat_rows = true; })},
        {"x, q and the scales are given", broken_cast<token>([](c_& a) { a.q = nullptr; })},
        {"x is aligned to its elements, BF16", broken_cast<token>([](c_& a) { a.x = moved(a.x, 1); })},
        {"or FP32", broken_cast<wide_token>([](c_& a) { a.x = moved(a.x, 2); })},
        {"scales are aligned to words", broken_cast<token>([](c_& a) { a.scales = moved(a.scales, 3); })},
        {"rows do not overlap", broken_cast<token>([](c_& a) { a.x_pitch = 499; })},
        {"strides of scales are positive", broken_cast<token>([](c_& a) { a.scale_stride_j = 0; })},
        {"what is written lies apart from x", broken_cast<token>([](c_& a) { a.q = const_cast<void*>(a.x); })},
        {"and from what else is written", broken_cast<token>([](c_& a) { a.scales = a.q; })},
    };
}

/// The verdict on casting x (300, 500), BF16, to FP4 with scales of `Format`, after a change.
template <class Format, class Change>
result<void> broken_fp4_cast(Change change) {
    scale::cast_fp4_arguments a{.x = address(1 << 20),
                                .x_pitch = 512,
                                .q = static_cast<u8*>(address(2 << 20)),
                                .q_pitch = 256,
                                .rows = 300,
                                .columns = 500,
                                .scales = static_cast<u32*>(address(3 << 20)),
                                .scale_stride_k = 300};
    change(a);
    return validate<scale::cast_to_fp4<bf16, Format>>(a);
}

inline std::vector<broken_rule> rules_of_fp4_casts() {
    using scale::ue4m3;
    using scale::ue8m0;
    using f_ = scale::cast_fp4_arguments;
    return {
        {"rows and columns are from 0 to 2^31 - 4096", broken_fp4_cast<ue8m0>([](f_& a) { a.rows = -7; })},
        {"columns are even", broken_fp4_cast<ue8m0>([](f_& a) { a.columns = 499; })},
        {"only NV format has a scale of the tensor",
         broken_fp4_cast<ue8m0>([](f_& a) { a.tensor_scale = static_cast<const float*>(address(64)); })},
        {"x, q and the scales are given", broken_fp4_cast<ue8m0>([](f_& a) { a.scales = nullptr; })},
        {"x is aligned to its elements", broken_fp4_cast<ue8m0>([](f_& a) { a.x = moved(a.x, 1); })},
        {"scales are aligned to words",
         broken_fp4_cast<ue8m0>([](f_& a) { a.scales = static_cast<u32*>(address(66)); })},
        {"so is that of the tensor",
         broken_fp4_cast<ue4m3>([](f_& a) { a.tensor_scale = static_cast<const float*>(address(65)); })},
        {"rows of x do not overlap", broken_fp4_cast<ue8m0>([](f_& a) { a.x_pitch = 499; })},
        {"nor do those of q", broken_fp4_cast<ue8m0>([](f_& a) { a.q_pitch = 249; })},
        {"strides of scales are positive", broken_fp4_cast<ue4m3>([](f_& a) { a.scale_stride_k = 0; })},
        {"what is written lies apart from x",
         broken_fp4_cast<ue8m0>([](f_& a) { a.q = static_cast<u8*>(const_cast<void*>(a.x)); })},
        {"and from what else is written",
         broken_fp4_cast<ue8m0>([](f_& a) { a.scales = reinterpret_cast<u32*>(a.q); })},
    };
}

inline std::vector<broken_rule> rules_of_transforms() {
    using t_ = scale::to_mn_major_arguments;
    return {
        {"groups, rows and blocks of K are from 0 to 2^31 - 4096", broken_transform([](t_& a) { a.mn = 2147483647; })},
        {"groups", broken_transform([](t_& a) { a.groups = -1; })},
        {"blocks", broken_transform([](t_& a) { a.blocks = -1; })},
        {"a scale covers a row or more", broken_transform([](t_& a) { a.tile_mn = 0; })},
        {"the input is aligned to floats",
         broken_transform([](t_& a) { a.in = static_cast<const float*>(moved(a.in, 2)); })},
        {"the output to 16 bytes", broken_transform([](t_& a) { a.out = moved(a.out, 8); })},
        {"the counter to a word", broken_transform([](t_& a) { a.invalid = static_cast<u32*>(address(66)); })},
        {"strides are not negative", broken_transform([](t_& a) { a.row_stride = -10; })},
        {"the output lies apart from the input", broken_transform([](t_& a) { a.out = const_cast<float*>(a.in); })},
        {"so does the counter",
         broken_transform([](t_& a) { a.invalid = const_cast<u32*>(reinterpret_cast<const u32*>(a.in)); })},
        {"an invalid scale is reported where they are counted", broken_transform([](t_& a) {
             a.invalid = nullptr;
             a.found = static_cast<scale::unpackable*>(address(96));
         })},
        {"at a multiple of 16 bytes",
         broken_transform([](t_& a) { a.found = static_cast<scale::unpackable*>(address(72)); })},
        {"groups of rows have one matrix",
         broken_transform([](t_& a) { a.ends = static_cast<const i32*>(address(256)); })},
        {"and start at multiples of 1 to 4096", broken_transform([](t_& a) {
             a.groups = 1;
             a.ends = static_cast<const i32*>(address(256));
             a.alignment = 0;
         })},
        {"their ends are aligned", broken_transform([](t_& a) {
             a.groups = a.group_count = 1;
             a.ends = static_cast<const i32*>(address(258));
         })},
        {"only packing leaves rows out", validate<scale::to_mn_major<scale::fp32>>(scale::to_mn_major_arguments{
                                             .in = static_cast<const float*>(address(1 << 20)),
                                             .mn = 8,
                                             .blocks = 1,
                                             .out = address(2 << 20),
                                             .ends = static_cast<const i32*>(address(256))})},
    };
}

inline std::vector<broken_rule> rules_of_k_packing() {
    using k_ = scale::pack_k_grouped_arguments;
    return {
        {"rows, columns and rows of words are from 0 to 2^31 - 4096", broken_k_packing([](k_& a) { a.rows = -1; })},
        {"columns", broken_k_packing([](k_& a) { a.mn = 2147483647; })},
        {"rows of words", broken_k_packing([](k_& a) { a.words = -5; })},
        {"columns are a multiple of 4", broken_k_packing([](k_& a) { a.mn = 398; })},
        {"a scale covers 32 or 128 elements of K", broken_k_packing([](k_& a) { a.tile_k = 64; })},
        {"there are at most 128 groups", broken_k_packing([](k_& a) { a.groups = 129; })},
        {"rows do not overlap", broken_k_packing([](k_& a) { a.row_stride = 396; })},
    };
}

/// What planning says of a product (256, 512, 1024) for a list of one kernel, on `device` with `knobs`.
inline result<void> refused_plan(const device_info& device, const gemm_workload& wanted, const context& knobs = {}) {
    static constexpr std::array kernels{kernel<config{.block = {128, 128, 128}, .stages = 5}>()};
    return supports(device, wanted, kernels, knobs);
}

inline std::vector<broken_rule> rules_of_plans() {
    const device_info h200 = device_info::h200();
    device_info other = h200;
    std::snprintf(other.name, sizeof other.name, "NVIDIA GB10");
    other.arch = 121;
    const gemm_workload usual = work(256, 512, 1024);
    return {
        {"a workload has the extents of a problem", refused_plan(h200, work(256, -1, 1024))},
        {"num_sms is 0, or up to what the device has", refused_plan(h200, usual, {.num_sms = 133})},
        {"a kernel in the list is for the device", refused_plan(other, usual)},
        {"a kernel in the list takes the product", refused_plan(h200, half_work(256, 512, 1024))},
    };
}

}  // namespace deepgemm::fakes
