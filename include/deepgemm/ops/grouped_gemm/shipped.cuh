// SPDX-License-Identifier: MIT
// The kernels among which the named grouped operations choose, as lists of types. Nothing is instantiated here.
#pragma once

#include <deepgemm/core/kernel_list.cuh>
#include <deepgemm/kernel/swapped.cuh>
#include <deepgemm/ops/gemm/shipped_epilogues.cuh>
#include <deepgemm/ops/gemm/shipped_fp8.cuh>
#include <deepgemm/ops/gemm/shipped_half.cuh>
#include <deepgemm/schedule/grouped.cuh>

namespace deepgemm::shipped {

/// A GEMM of groups with slots: A scaled by token, in the order of `Tokens`, B by block, scales in one format.
template <config Config, class Tokens = scale::per_token<scale::fp32>>
using masked_kernel =
    gemm<arch::sm90, operand<e4m3, Tokens>, operand<e4m3, scale::per_block<typename Tokens::format>>, store<bf16>,
         Config, grouped<Config.block, Config.cluster, masked_groups, Config.raster_rows>>;

/// Up to some 30 rows in each group, which become columns of multiplies, so that stages hold weights for the most part.
DEEPGEMM_BOTH constexpr config masked_columns(int n, int stages, promotion promote) {
    return {.block = {32, n, 128}, .stages = stages, .swap = true, .sm90 = {.warpgroups = n / 64, .promote = promote}};
}
/// Few rows in each group, so reading weights takes most of the time. One warpgroup, and as many stages as keep memory busy.
DEEPGEMM_BOTH constexpr config masked_few(int n) {
    return {.block = {64, n, 128},
            .stages = 8,
            .store_buffers = 1,
            .sm90 = {.warpgroups = 1, .promote = promotion::deferred}};
}
/// Some hundred rows: a tile that leaves few rows unused.
inline constexpr config masked_medium{.block = {128, 128, 128},
                                      .stages = 5,
                                      .store_columns = 64,
                                      .store_buffers = 2,
                                      .sm90 = {.promote = promotion::deferred}};
/// Many rows: the largest tiles, in pairs that share A, or alone where N is a tile or an odd number of them. Buffers hold whole
/// lines of D: one is faster than three of half a line.
DEEPGEMM_BOTH constexpr config masked_three(cluster_shape cluster = {}) {
    return {.block = {192, 128, 128},
            .cluster = cluster,
            .store_columns = 64,
            .store_buffers = 2,
            .sm90 = {.warpgroups = 3}};
}
DEEPGEMM_BOTH constexpr config masked_wide(cluster_shape cluster = {}) {
    return {.block = {256, 128, 128}, .cluster = cluster, .store_columns = 64, .store_buffers = 1};
}
/// The same for groups of some 192 rows, of which half end in the third of four fragments.
DEEPGEMM_BOTH constexpr config masked_shared(cluster_shape cluster) {
    config c = masked_wide(cluster);
    c.sm90.shares_fragment = true;
    c.sm90.row_unit = 16;
    return c;
}

/// The same of BF16 operands, without scales.
template <config Config>
using masked_bf16_kernel = gemm<arch::sm90, operand<bf16>, operand<bf16>, store<bf16>, Config,
                                grouped<Config.block, Config.cluster, masked_groups, Config.raster_rows>>;

template <config... Configs>
using masked_kernels = kernels<masked_kernel<Configs>...>;
template <config... Configs>
using masked_bf16_kernels = kernels<masked_bf16_kernel<Configs>...>;
using masked_fp8 =
    masked_kernels<masked_columns(64, 12, promotion::deferred), masked_columns(128, 8, promotion::at_once),
                   masked_few(64), masked_few(128), masked_medium, masked_three({1, 2}), masked_three(),
                   masked_shared({1, 2}), masked_wide()>;

/// The same for K-major scales of A, as quantisers write them.
template <config... Configs>
using masked_k_major_kernels = kernels<masked_kernel<Configs, scale::per_token_k_major<scale::fp32>>...>;
using masked_fp8_k_major = masked_k_major_kernels<masked_columns(64, 12, promotion::deferred), masked_few(64),
                                                  masked_few(128), masked_three({1, 2}), masked_wide({1, 2})>;

/// In BF16, in the same order: few rows, some hundred, many.
using masked_bf16 =
    masked_bf16_kernels<few16(32, 64, 16), tile16(64, 64, 1), tile16(64, 128, 1, {}, 64, 1),
                        tile16(128, 128, 2, across), turns16(128, 192, {}, 64, 1), tile16(128, 256, 2, {}, 64, 2),
                        turns16(192, 128, across, 64, 1), tile16(192, 192, 3, {}, 64, 1),
                        tile16(256, 128, 2, across, 64, 2), tile16(256, 128, 2, {}, 64, 2)>;

/// With scales in another format, or steps between product and D. Structs, since nvcc 13 loses configurations in alias
/// templates.
template <class Tokens, class Epilogue, config... Configs>
struct masked_fp8_with {
    using type = kernels<
        gemm<arch::sm90, operand<e4m3, Tokens>, operand<e4m3, scale::per_block<typename Tokens::format>>, Epilogue,
             Configs, grouped<Configs.block, Configs.cluster, masked_groups, Configs.raster_rows>>...>;
};
template <class Epilogue, config... Configs>
struct masked_bf16_with {
    using type = kernels<gemm<arch::sm90, operand<bf16>, operand<bf16>, Epilogue, Configs,
                              grouped<Configs.block, Configs.cluster, masked_groups, Configs.raster_rows>>...>;
};

/// With packed scales: a tile for few rows and one for many.
using masked_fp8_ue8m0 =
    masked_fp8_with<scale::per_token<scale::ue8m0>, store<bf16>, masked_few(64), masked_wide()>::type;

/// The first product of a gated layer, whose D is the A of the second one: few rows, and many.
using masked_fp8_gated = masked_fp8_with<scale::per_token<scale::fp32>, gated_fp8, gate_tile(64), gate_tile(128)>::type;
using masked_bf16_gated = masked_bf16_with<gated_fp8, tile16(64, 256, 1), tile16(128, 256, 2)>::type;

template <class O>
    requires(same_as<O, ops::grouped_gemm>)
DEEPGEMM_BOTH constexpr auto all_of() {
    return shipped::sum_of(masked_fp8{}, masked_fp8_k_major{}, masked_bf16{}, masked_fp8_ue8m0{}, masked_fp8_gated{},
                           masked_bf16_gated{});
}

}  // namespace deepgemm::shipped
