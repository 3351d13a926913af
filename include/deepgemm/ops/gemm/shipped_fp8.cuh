// SPDX-License-Identifier: MIT
// The FP8 kernels among which the named operations choose, as lists of types; shipped_half.cuh has those for BF16 and FP16.
// Nothing is instantiated here: cmake/instances.cmake compiles the lists into a library, for a GPU or for the simulator. A
// program may compile lists of its own instead.
#pragma once

#include <deepgemm/core/kernel_list.cuh>
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/kernel/swapped.cuh>

namespace deepgemm::shipped {

template <class Format, major Contiguous = major::k>
using by_token = operand<e4m3, scale::per_token<Format>, Contiguous>;
template <class Format, major Contiguous = major::k>
using by_block = operand<e4m3, scale::per_block<Format>, Contiguous>;

/// D = A x B with activations scaled by token and weights by block (1D2D).
template <class Format, class Epilogue, config Config>
using weights_kernel = gemm<arch::sm90, by_token<Format>, by_block<Format>, Epilogue, Config>;
/// D = A x B with both operands scaled by token (1D1D).
template <class Format, class Epilogue, config Config>
using tokens_kernel = gemm<arch::sm90, by_token<Format>, by_token<Format>, Epilogue, Config>;

/// Few rows of A: narrow tiles, one warpgroup for each 64 rows, so that every multiprocessor has some.
DEEPGEMM_BOTH constexpr config narrow(int m, int n, promotion promote = promotion::at_once) {
    return {.block = {m, n, 128}, .sm90 = {.warpgroups = m / 64, .promote = promote}};
}
/// A narrow tile whose K blocks `parts` CTAs share, for products with fewer tiles than multiprocessors.
DEEPGEMM_BOTH constexpr config split(int m, int n, int parts) {
    return {.block = {m, n, 128}, .split_k = parts, .sm90 = {.warpgroups = m / 64, .promote = promotion::deferred}};
}
/// Very few rows of A: they become columns of the multiply, and `n` rows of B its rows. It has only as many stages as keep
/// memory busy, because what more stages hold would displace other data in L2 (docs/tuning-log.md).
DEEPGEMM_BOTH constexpr config few(int m, int n, int stages, int parts = 1) {
    return {.block = {m, n, 128},
            .stages = stages,
            .swap = true,
            .split_k = parts,
            .sm90 = {.warpgroups = n / 64, .promote = promotion::deferred}};
}
/// `base` with fewer stages than would fit.
DEEPGEMM_BOTH constexpr config shallow(config base, int stages) {
    base.stages = stages;
    return base;
}
/// `base` in clusters of CTAs that share tiles.
DEEPGEMM_BOTH constexpr config clustered(config base, cluster_shape cluster) {
    base.cluster = cluster;
    return base;
}
/// A medium tile on two warpgroups.
DEEPGEMM_BOTH constexpr config medium(int n, cluster_shape cluster = {}, promotion promote = promotion::at_once) {
    return {.block = {128, n, 128}, .cluster = cluster, .sm90 = {.promote = promote}};
}
/// Three warpgroups: the best main loop if M divides well.
DEEPGEMM_BOTH constexpr config three(int n, cluster_shape cluster = {}, int raster_rows = 8) {
    return {.block = {192, n, 128}, .cluster = cluster, .raster_rows = raster_rows, .sm90 = {.warpgroups = 3}};
}
/// The largest tile: two warpgroups of two waves; small staging buffers leave room for four stages.
DEEPGEMM_BOTH constexpr config wide(cluster_shape cluster = {}) {
    return {.block = {256, 128, 128}, .cluster = cluster, .store_columns = 32, .store_buffers = 3};
}
/// The same height with fewer columns, which leaves registers for per-token scales of B; both waves of a warpgroup share these.
DEEPGEMM_BOTH constexpr config tall(int n, cluster_shape cluster, int store_columns, int store_buffers) {
    return {.block = {256, n, 128}, .cluster = cluster, .store_columns = store_columns, .store_buffers = store_buffers};
}
/// `base` with one small staging buffer, and so with more stages.
DEEPGEMM_BOTH constexpr config lean(config base, int store_columns) {
    base.store_columns = store_columns;
    base.store_buffers = 1;
    return base;
}

/// `base` with a staging buffer for each 32 columns of a tile, so that D goes to memory during the next tile's main loop.
DEEPGEMM_BOTH constexpr config buffered(config base) {
    base.store_columns = 32;
    base.store_buffers = base.block.n / 32;
    return base;
}

/// `base` that asks for lines of D before it adds to them.
DEEPGEMM_BOTH constexpr config ahead(config base) {
    base.d_ahead = true;
    return base;
}

inline constexpr cluster_shape pair_m{2, 1}, pair_n{1, 2};
inline constexpr promotion deferred = promotion::deferred;

// The tuned family: BF16 D, FP32 scales, weights by block.
template <config... Configs>
using weights_bf16 = kernels<weights_kernel<scale::fp32, store<bf16>, Configs>...>;
using weights_bf16_few =
    weights_bf16<few(8, 64, 8), few(8, 64, 12), few(8, 128, 4), few(16, 64, 12), few(16, 128, 4), few(32, 64, 12)>;
using weights_bf16_few_split = weights_bf16<few(8, 64, 12, 2), few(8, 64, 8, 4), few(8, 64, 8, 8), few(8, 128, 6, 4),
                                            few(16, 64, 6, 4), few(16, 64, 8, 8), few(32, 64, 6, 4)>;
using weights_bf16_narrow =
    weights_bf16<narrow(64, 32, deferred), narrow(64, 64, deferred), shallow(narrow(64, 64, deferred), 8),
                 clustered(narrow(64, 64, deferred), pair_m), narrow(64, 96, deferred), narrow(64, 128, deferred),
                 shallow(narrow(64, 128, deferred), 5)>;
using weights_bf16_split =
    weights_bf16<split(64, 32, 2), split(64, 32, 4), split(64, 64, 2), split(64, 64, 4), split(128, 32, 2)>;
using weights_bf16_short =
    weights_bf16<medium(32, {}, deferred), medium(64), medium(64, {}, deferred), medium(96), medium(128)>;
using weights_bf16_medium = weights_bf16<medium(128, {}, deferred), medium(128, pair_m, deferred),
                                         medium(128, pair_n, deferred), medium(160), lean(medium(192), 64)>;
/// Where the model says that tiles take the same time alone and in pairs, the first of a list is chosen: pairs along N, which
/// read half as many rows of A out of L2. Measured on an H200 they are 0.5 to 1.5 % faster where there are several waves, and
/// 1 to 4 % back to back.
using weights_bf16_wide =
    weights_bf16<three(96), three(96, pair_n), three(128, pair_n), three(128), three(128, pair_m)>;
using weights_bf16_widest = weights_bf16<wide(pair_n), wide(), wide(pair_m)>;

/// `base` for K-major scales of A, which take 16 words of shared memory a row, where MN-major ones take a word in each stage:
/// with two staging buffers of 32 columns it has as many stages.
DEEPGEMM_BOTH constexpr config for_k_major(config base) {
    base.store_columns = 32;
    base.store_buffers = 2;
    return base;
}

// The same with K-major scales of A, as quantisation writes them, so that no kernel has to transpose them first.
template <config... Configs>
using weights_k_major = kernels<gemm<arch::sm90, operand<e4m3, scale::per_token_k_major<scale::fp32>>,
                                     by_block<scale::fp32>, store<bf16>, Configs>...>;
using weights_k_major_few =
    weights_k_major<few(8, 64, 12), few(8, 64, 8, 8), few(8, 128, 6, 4), few(16, 64, 12), few(16, 64, 6, 4)>;
using weights_k_major_narrow =
    weights_k_major<narrow(64, 32, deferred), narrow(64, 64, deferred), clustered(narrow(64, 64, deferred), pair_m),
                    narrow(64, 128, deferred), split(64, 32, 2), split(64, 64, 4), split(128, 32, 2)>;
using weights_k_major_medium =
    weights_k_major<medium(64), medium(64, {}, deferred), medium(128), medium(128, {}, deferred)>;
using weights_k_major_wide = weights_k_major<for_k_major(three(96)), three(128), three(128, pair_n),
                                             for_k_major(wide()), for_k_major(wide(pair_n))>;

// B (k,n) and few rows of A, or A (k,m) and few columns of B: transposed on the way to the tensor cores
// (ops/gemm/transposing.hpp).
template <config... Configs>
using turned_weights =
    kernels<gemm<arch::sm90, by_token<scale::fp32>, by_block<scale::fp32, major::mn>, store<bf16>, Configs>...>;
using turned_weights_few =
    turned_weights<few(8, 64, 12), few(8, 128, 6, 4), few(16, 64, 12), few(16, 128, 6, 4), few(64, 128, 6)>;
template <config... Configs>
using turned_tokens =
    kernels<gemm<arch::sm90, by_token<scale::fp32, major::mn>, by_block<scale::fp32>, store<bf16>, Configs>...>;
using turned_tokens_few = turned_tokens<narrow(64, 64, deferred), split(64, 64, 2), medium(128)>;

// Weight gradients: FP32 D with C, both operands by token. In most cases C is D itself, and L2 adds.
template <config... Configs>
using tokens_f32_acc = kernels<tokens_kernel<scale::fp32, accumulate<float>, Configs>...>;
using gradients = tokens_f32_acc<narrow(64, 64), medium(64), medium(96), medium(128), medium(128, pair_m), three(96)>;
template <config... Configs>
using tokens_f32_add = kernels<tokens_kernel<scale::fp32, add_in_place, Configs>...>;
using gradients_in_place =
    tokens_f32_add<lean(narrow(64, 64), 32), lean(medium(128), 32), lean(medium(128, pair_m), 32),
                   lean(medium(128, pair_n), 32), lean(medium(160), 32), lean(three(96), 32),
                   lean(three(96, pair_n), 32), tall(96, pair_n, 32, 2), tall(112, {}, 16, 2)>;

// Every other combination of scales, D and C: a tile for few rows, a narrow, a medium and a wide one each.
template <class Format, class Epilogue>
using weights_any =
    kernels<weights_kernel<Format, Epilogue, few(16, 64, 12)>, weights_kernel<Format, Epilogue, narrow(64, 32)>,
            weights_kernel<Format, Epilogue, narrow(64, 128)>, weights_kernel<Format, Epilogue, medium(128)>>;
template <class Format, class Epilogue>
using tokens_any =
    kernels<tokens_kernel<Format, Epilogue, narrow(64, 32)>, tokens_kernel<Format, Epilogue, narrow(64, 128)>,
            tokens_kernel<Format, Epilogue, medium(128)>>;

using weights_bf16_acc = weights_any<scale::fp32, accumulate<bf16>>;
using weights_f32 = weights_any<scale::fp32, store<float>>;
using weights_f32_acc = weights_any<scale::fp32, accumulate<float>>;
using tokens_bf16 = tokens_any<scale::fp32, store<bf16>>;
using tokens_bf16_acc = tokens_any<scale::fp32, accumulate<bf16>>;
using tokens_f32 = tokens_any<scale::fp32, store<float>>;

using weights_ue8m0_bf16 = weights_any<scale::ue8m0, store<bf16>>;
using weights_ue8m0_bf16_acc = weights_any<scale::ue8m0, accumulate<bf16>>;
using weights_ue8m0_f32 = weights_any<scale::ue8m0, store<float>>;
using weights_ue8m0_f32_acc = weights_any<scale::ue8m0, accumulate<float>>;
using tokens_ue8m0_bf16 = tokens_any<scale::ue8m0, store<bf16>>;
using tokens_ue8m0_bf16_acc = tokens_any<scale::ue8m0, accumulate<bf16>>;
using tokens_ue8m0_f32 = tokens_any<scale::ue8m0, store<float>>;
using tokens_ue8m0_f32_acc = tokens_any<scale::ue8m0, accumulate<float>>;

// Heads of 128 + 128 columns around a gap of 64: the only use of skip_head_mid upstream.
template <config... Configs>
using heads_bf16 = kernels<weights_kernel<scale::fp32, store_heads<bf16, 128, 64, 128>, Configs>...>;
using heads = heads_bf16<narrow(64, 128), medium(128), three(128), wide()>;

/// All kernels of FP8 operands. A template, like all sums of lists: NVRTC makes machine code of ordinary functions, and the
/// names of such lists are too long for that.
template <class = void>
DEEPGEMM_BOTH constexpr auto fp8_dense() {
    return shipped::sum_of(weights_bf16_few{}, weights_bf16_few_split{}, weights_bf16_narrow{}, weights_bf16_split{},
                           weights_bf16_short{}, weights_bf16_medium{}, weights_bf16_wide{}, weights_bf16_widest{},
                           weights_k_major_few{}, weights_k_major_narrow{}, weights_k_major_medium{},
                           weights_k_major_wide{}, turned_weights_few{}, turned_tokens_few{}, gradients{},
                           gradients_in_place{}, weights_bf16_acc{}, weights_f32{}, weights_f32_acc{}, tokens_bf16{},
                           tokens_bf16_acc{}, tokens_f32{}, weights_ue8m0_bf16{}, weights_ue8m0_bf16_acc{},
                           weights_ue8m0_f32{}, weights_ue8m0_f32_acc{}, tokens_ue8m0_bf16{}, tokens_ue8m0_bf16_acc{},
                           tokens_ue8m0_f32{}, tokens_ue8m0_f32_acc{}, heads{});
}

}  // namespace deepgemm::shipped
