// SPDX-License-Identifier: MIT
// The kernels among which the named contiguous operations choose, as lists of types. Nothing is instantiated here. Every tile
// is there twice, for groups by their ends and by the group of each row.
#pragma once

#include <deepgemm/core/kernel_list.cuh>
#include <deepgemm/epilogue/scatter.cuh>
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/ops/grouped_gemm/shipped.cuh>
#include <deepgemm/schedule/grouped.cuh>
#include <deepgemm/schedule/indexed.cuh>

namespace deepgemm::shipped {

/// The schedules of groups of rows.
template <config Config>
using rows_by_end = grouped<Config.block, Config.cluster, psum_groups, Config.raster_rows>;
template <config Config>
using rows_by_row = indexed<Config.block, Config.cluster, Config.raster_rows>;

/// A GEMM of groups of rows. FP8: A scaled by token, in the order of `Tokens`, B by block, scales in one format. Structs, since
/// nvcc 13 loses configurations in alias templates.
template <class Tokens, class Epilogue, config... Configs>
struct contiguous_fp8_with {
    template <class Tiles, config Config>
    using one = gemm<arch::sm90, operand<e4m3, Tokens>, operand<e4m3, scale::per_block<typename Tokens::format>>,
                     Epilogue, Config, Tiles>;
    using type = kernels<one<rows_by_end<Configs>, Configs>..., one<rows_by_row<Configs>, Configs>...>;
};
/// The same of BF16 operands, without scales; B contiguous along `B`.
template <major B, class Epilogue, config... Configs>
struct contiguous_bf16_with {
    template <class Tiles, config Config>
    using one = gemm<arch::sm90, operand<bf16>, operand<bf16, scale::none, B>, Epilogue, Config, Tiles>;
    using type = kernels<one<rows_by_end<Configs>, Configs>..., one<rows_by_row<Configs>, Configs>...>;
};
/// The same with D in BF16.
template <class Tokens, config... Configs>
struct contiguous_fp8_kernels : contiguous_fp8_with<Tokens, store<bf16>, Configs...> {};
template <major B, config... Configs>
struct contiguous_bf16_kernels : contiguous_bf16_with<B, store<bf16>, Configs...> {};

/// Some hundred rows, in pairs that share A.
inline constexpr config medium_pair{.block = {128, 128, 128},
                                    .stages = 5,
                                    .cluster = {1, 2},
                                    .store_columns = 64,
                                    .store_buffers = 2,
                                    .sm90 = {.promote = promotion::deferred}};

/// Few rows in each group, some hundred, many: the tiles of groups with slots.
using contiguous_fp8 =
    contiguous_fp8_kernels<scale::per_token<scale::fp32>, masked_few(64), masked_few(128), medium_pair, masked_medium,
                           masked_three({1, 2}), masked_three(), masked_wide({1, 2}), masked_wide()>::type;
/// Kernels of groups by their ends, and others by the group of each row.
template <class A, class B, class Epilogue, config... Configs>
struct by_end_kernels {
    using type = kernels<gemm<arch::sm90, A, B, Epilogue, Configs, rows_by_end<Configs>>...>;
};
template <class A, class B, class Epilogue, config... Configs>
struct by_row_kernels {
    using type = kernels<gemm<arch::sm90, A, B, Epilogue, Configs, rows_by_row<Configs>>...>;
};

/// The same for K-major scales of A, as quantisers write them.
using contiguous_fp8_k_major =
    contiguous_fp8_kernels<scale::per_token_k_major<scale::fp32>, masked_few(64), masked_medium, medium_pair,
                           masked_three({1, 2}), masked_three(), for_k_major(masked_wide({1, 2}))>::type;
/// BF16, many rows: in turns, alone or in pairs, and the widest tile, staged whole.
inline constexpr config turns_pair = high_bands(turns16(192, 128, across, 64, 1)),
                        wide_staged = by_warpgroup(high_bands(tile16(128, 256, 2, {}, 64, 4)));

using contiguous_bf16 = contiguous_bf16_kernels<major::k, tile16(64, 128, 1, {}, 64, 1), tile16(128, 128, 2, across),
                                                turns16(128, 192, {}, 64, 1), turns_pair, wide_staged,
                                                tile16(256, 128, 2, across, 64, 2)>::type;
using contiguous_bf16_nn =
    contiguous_bf16_kernels<major::mn, tile16(64, 128, 1, {}, 64, 1), turns16(128, 192, {}, 64, 1), turns_pair,
                            wide_staged, tile16(256, 128, 2, across, 64, 2)>::type;

/// Gathered rows of A, which no cluster shares, with scales in any order: a tile for few rows in each group, and one for many.
/// By row the larger tiles of FP8 are left out, where the warps that copy rows would spill.
using gathered_tokens = gathered<operand<e4m3, scale::per_token<scale::fp32>>>;
using gathered_half = gathered<operand<bf16>>;
using gathered_fp8_by_end =
    by_end_kernels<gathered_tokens, by_block<scale::fp32>, store<bf16>, masked_few(64), masked_three()>::type;
using gathered_fp8_by_row =
    by_row_kernels<gathered_tokens, by_block<scale::fp32>, store<bf16>, masked_few(64), masked_medium>::type;
using gathered_bf16_by_end = by_end_kernels<gathered_half, operand<bf16>, store<bf16>, tile16(64, 128, 1, {}, 64, 1),
                                            high_bands(tile16(128, 256, 2, {}, 64, 2))>::type;
using gathered_bf16_by_row = by_row_kernels<gathered_half, operand<bf16>, store<bf16>, tile16(64, 128, 1, {}, 64, 1),
                                            high_bands(tile16(128, 256, 2, {}, 64, 2))>::type;
/// Scattered rows of D. By row there is a tile of 64 rows beside the larger one, which takes more groups than a table holds.
using scattered_fp8_by_end =
    by_end_kernels<by_token<scale::fp32>, by_block<scale::fp32>, scatter<bf16>, masked_medium>::type;
using scattered_fp8_by_row =
    by_row_kernels<by_token<scale::fp32>, by_block<scale::fp32>, scatter<bf16>, masked_few(64), masked_medium>::type;
using scattered_bf16_by_end =
    by_end_kernels<operand<bf16>, operand<bf16>, scatter<bf16>, high_bands(tile16(128, 256, 2, {}, 64, 2))>::type;
using scattered_bf16_by_row = by_row_kernels<operand<bf16>, operand<bf16>, scatter<bf16>, tile16(64, 128, 1, {}, 64, 1),
                                             high_bands(tile16(128, 256, 2, {}, 64, 2))>::type;

/// With packed scales: a tile for few rows and one for many.
using contiguous_fp8_ue8m0 =
    contiguous_fp8_kernels<scale::per_token<scale::ue8m0>, masked_few(64), masked_wide()>::type;

/// The first product of a gated layer, whose D is the A of the second one: few rows, and many.
using contiguous_fp8_gated =
    contiguous_fp8_with<scale::per_token<scale::fp32>, gated_fp8, gate_tile(64), gate_tile(128)>::type;
using contiguous_bf16_gated = contiguous_bf16_with<major::k, gated_fp8, tile16(64, 256, 1), tile16(128, 256, 2)>::type;

template <class O>
    requires(same_as<O, ops::contiguous_gemm>)
DEEPGEMM_BOTH constexpr auto all_of() {
    return shipped::sum_of(contiguous_fp8{}, contiguous_fp8_k_major{}, contiguous_bf16{}, contiguous_bf16_nn{},
                           gathered_fp8_by_end{}, gathered_fp8_by_row{}, gathered_bf16_by_end{}, gathered_bf16_by_row{},
                           scattered_fp8_by_end{}, scattered_fp8_by_row{}, scattered_bf16_by_end{},
                           scattered_bf16_by_row{}, contiguous_fp8_ue8m0{}, contiguous_fp8_gated{},
                           contiguous_bf16_gated{});
}

}  // namespace deepgemm::shipped
