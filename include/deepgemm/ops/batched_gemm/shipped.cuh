// SPDX-License-Identifier: MIT
// The kernels among which the named operations on batches choose, as lists of types. Nothing is instantiated here. A list is
// named as those of ops/gemm/shipped_half.cuh are: by the operands' type, by their layouts, by D.
#pragma once

#include <deepgemm/core/kernel_list.cuh>
#include <deepgemm/kernel/swapped.cuh>
#include <deepgemm/ops/gemm/shipped_fp8.cuh>
#include <deepgemm/ops/gemm/shipped_half.cuh>
#include <deepgemm/schedule/columnwise.cuh>
#include <deepgemm/schedule/grouped.cuh>
#include <deepgemm/schedule/summed.cuh>

namespace deepgemm::shipped {

/// The schedule of a batch, as `type`. Structs here and below, since nvcc 13 loses configurations in alias templates.
template <config Config>
struct schedule_of_batch {
    using type = grouped<Config.block, Config.cluster, uniform_groups, Config.raster_rows>;
};
template <config Config>
    requires(Config.keeps_b)
struct schedule_of_batch<Config> {
    using type = columnwise<Config.block, Config.cluster>;
};
/// Kernels of batches, as `type`.
template <class A, class B, class Epilogue, config... Configs>
struct batches_of {
    using type = kernels<gemm<arch::sm90, A, B, Epilogue, Configs, typename schedule_of_batch<Configs>::type>...>;
};
/// The same of operands without scales.
template <class Element, major A, major B, class Epilogue, config... Configs>
struct half_batches
    : batches_of<operand<Element, scale::none, A>, operand<Element, scale::none, B>, Epilogue, Configs...> {};

/// Matrices of B that stay in `stages` stages, for many rows: two warpgroups alternate at low tiles, all of whose columns are staged.
DEEPGEMM_BOTH constexpr config keeping16(int n, int stages) {
    config made = turns16(64, n);
    made.stages = stages;
    made.keeps_b = true;
    return made;
}

/// Heads of attention: from a few rows, where reading B takes most of the time, to thousands. Tiles are as narrow as it takes
/// to give every multiprocessor some.
using batched_bf16_nt =
    half_batches<bf16, major::k, major::k, store<bf16>, few16(8, 64, 16), few16(32, 64, 14), tile16(128, 64, 2),
                 tile16(128, 128, 2), keeping16(128, 8), high_bands(tile16(128, 256, 2, pair, 64, 2)),
                 high_bands(tile16(128, 256, 2, {}, 64, 2))>::type;
using batched_bf16_nn =
    half_batches<bf16, major::k, major::mn, store<bf16>, few16(8, 128, 10), few16(32, 128, 8), tile16(128, 64, 2),
                 tile16(128, 128, 2), keeping16(256, 4), turns16(128, 192, {}, 64, 1),
                 high_bands(tile16(128, 256, 2, pair, 64, 2)), high_bands(tile16(128, 256, 2, {}, 64, 2))>::type;
/// Gradients of weights.
using batched_bf16_tn = half_batches<bf16, major::mn, major::mn, store<bf16>, tile16(128, 128, 2),
                                     high_bands(tile16(128, 256, 2, {}, 64, 2))>::type;
using batched_bf16_tn_in_place =
    half_batches<bf16, major::mn, major::mn, add_in_place, tile16(128, 256, 2, {}, 32, 2)>::type;
/// One tile for what is seldom asked for.
template <class Element, class D>
struct any_half_batches : join<typename half_batches<Element, major::k, major::k, D, tile16(128, 128, 2)>::type,
                               typename half_batches<Element, major::k, major::mn, D, tile16(128, 128, 2)>::type,
                               typename half_batches<Element, major::mn, major::mn, D, tile16(128, 128, 2)>::type,
                               typename half_batches<Element, major::mn, major::k, D, tile16(128, 128, 2)>::type> {};
using batched_bf16_tt = half_batches<bf16, major::mn, major::k, store<bf16>, tile16(128, 128, 2)>::type;
using batched_bf16_f32 = any_half_batches<bf16, store<float>>::type;
using batched_bf16_in_place = any_half_batches<bf16, add_in_place>::type;
using batched_f16 = any_half_batches<f16, store<f16>>::type;

/// FP8: K-major scales of A, in the order of the data, and MN-major ones.
template <class Tokens, config... Configs>
struct fp8_batches : batches_of<operand<e4m3, Tokens>, by_block<typename Tokens::format>, store<bf16>, Configs...> {};
using batched_fp8_k_major =
    fp8_batches<scale::per_token_k_major<scale::fp32>, few(8, 64, 12), few(32, 64, 12), medium(64, {}, deferred),
                three(128, pair_n), for_k_major(wide(pair_n)), for_k_major(wide())>::type;
using batched_fp8 = fp8_batches<scale::per_token<scale::fp32>, few(8, 64, 12), medium(64, {}, deferred), wide()>::type;

/// B (k,n) and few rows of A: transposed on the way to the tensor cores (transposing.hpp).
using batched_fp8_turned =
    batches_of<operand<e4m3, scale::per_token_k_major<scale::fp32>>, by_block<scale::fp32, major::mn>, store<bf16>,
               few(8, 64, 12), few(32, 64, 12), few(64, 128, 6)>::type;

/// FP8 with both operands scaled by token: gradients of weights, whose K is tokens. Tiles are those of groups of K
/// (ops/k_grouped_gemm/shipped.cuh).
template <class Epilogue, config... Configs>
struct fp8_token_batches : batches_of<by_token<scale::fp32>, by_token<scale::fp32>, Epilogue, Configs...> {};
using batched_fp8_in_place =
    fp8_token_batches<add_in_place, lean(narrow(64, 64), 32), buffered(medium(128)), buffered(medium(128, pair_n)),
                      tall(96, pair_n, 32, 2), ahead(tall(96, pair_n, 32, 2))>::type;
using batched_fp8_f32 =
    fp8_token_batches<store<float>, lean(narrow(64, 64), 32), lean(medium(128), 32), tall(96, pair_n, 32, 2)>::type;
using batched_fp8_bf16 =
    fp8_token_batches<store<bf16>, lean(narrow(64, 64), 64), lean(medium(128), 64), tall(96, pair_n, 32, 2)>::type;

/// Sums of batches, whose D is small: tiles of which a few cover it. The fewer they are, the fewer CTAs read the same elements
/// from L2. Totals do not pass through staging buffers, so there is one small one.
template <class Epilogue, config... Configs>
struct batch_sums {
    using type = kernels<gemm<arch::sm90, operand<bf16>, operand<bf16>, Epilogue, Configs,
                              summed<Configs.block, Configs.raster_rows>>...>;
};
template <class Epilogue>
struct usual_batch_sums
    : batch_sums<Epilogue, tile16(128, 96, 2, {}, 32, 1), tile16(128, 128, 2, {}, 32, 1),
                 tile16(128, 192, 2, {}, 32, 1), tile16(192, 128, 3, {}, 32, 1), tile16(128, 256, 2, {}, 32, 1)> {};
using sums_bf16 = usual_batch_sums<store<bf16>>::type;
using sums_f32 = usual_batch_sums<store<float>>::type;
using sums_f32_in_place = usual_batch_sums<add_in_place>::type;

template <class O>
    requires(same_as<O, ops::batched_gemm>)
DEEPGEMM_BOTH constexpr auto all_of() {
    return shipped::sum_of(batched_bf16_nt{}, batched_bf16_nn{}, batched_bf16_tn{}, batched_bf16_tn_in_place{},
                           batched_bf16_in_place{}, batched_bf16_tt{}, batched_bf16_f32{}, batched_f16{},
                           batched_fp8_k_major{}, batched_fp8{}, batched_fp8_turned{}, batched_fp8_in_place{},
                           batched_fp8_f32{}, batched_fp8_bf16{}, sums_bf16{}, sums_f32{}, sums_f32_in_place{});
}

}  // namespace deepgemm::shipped
