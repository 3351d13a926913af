// SPDX-License-Identifier: MIT
// Kernels that are not shipped, to test what the parts promise: other element types, clusters, tiles, buffers, extents fixed at
// compile time, epilogues of one's own. Types only; the simulator and a GPU instantiate the same lists.
#pragma once

#include <deepgemm/epilogue/step.cuh>
#include <deepgemm/ops/gemm/shipped_fp8.cuh>

namespace deepgemm::test {

// An alias template for gemm would be shorter, but nvcc 13 loses the configuration of a gemm that is named through one.
template <class Element, class Format = scale::fp32>
using tokens = operand<Element, scale::per_token<Format>>;
template <class Element, class Format = scale::fp32>
using blocks = operand<Element, scale::per_block<Format>>;

inline constexpr config small{.block = {64, 32, 128}, .stages = 3, .sm90 = {.warpgroups = 1}};

/// Either side E5M2, and scales of different formats on the two sides.
using element_variants =
    shipped::kernels<gemm<arch::sm90, tokens<e5m2>, blocks<e4m3>, store<bf16>, small>,
                     gemm<arch::sm90, tokens<e4m3>, blocks<e5m2>, store<float>, small>,
                     gemm<arch::sm90, tokens<e5m2>, tokens<e5m2>, accumulate<float>, small>,
                     gemm<arch::sm90, tokens<e5m2, scale::ue8m0>, tokens<e4m3>, store<bf16>, small>,
                     gemm<arch::sm90, tokens<e4m3>, blocks<e4m3, scale::ue8m0>, store<float>, small>>;

/// Scales of A that are K-major, in both formats: with fragments of one and of two waves, with K split, with tiles of 192 and
/// 256 rows, whose scales TMA loads where it can. Swapped kernels copy scales for their columns.
template <class Format>
using rows_of = operand<e4m3, scale::per_token_k_major<Format>>;
constexpr config split(config base, int parts) {
    base.split_k = parts;
    return base;
}
using k_major_variants =
    shipped::kernels<gemm<arch::sm90, rows_of<scale::fp32>, blocks<e4m3>, store<bf16>, small>,
                     gemm<arch::sm90, rows_of<scale::ue8m0>, blocks<e4m3, scale::ue8m0>, store<float>, split(small, 3)>,
                     gemm<arch::sm90, rows_of<scale::fp32>, tokens<e4m3>, accumulate<float>,
                          config{.block = {128, 64, 128}, .stages = 4, .sm90 = {.promote = promotion::deferred}}>,
                     gemm<arch::sm90, rows_of<scale::ue8m0>, tokens<e4m3>, store<bf16>,
                          config{.block = {256, 32, 128}, .stages = 2, .cluster = {1, 2}}>,
                     gemm<arch::sm90, rows_of<scale::fp32>, blocks<e4m3>, accumulate<float>,
                          config{.block = {192, 24, 128}, .stages = 3, .sm90 = {.warpgroups = 3}}>,
                     gemm<arch::sm90, rows_of<scale::fp32>, blocks<e4m3>, store<float>,
                          split(config{.block = {192, 24, 128}, .stages = 4, .sm90 = {.warpgroups = 3}}, 3)>>;

/// CTAs that share tiles of A, of B or of both, with scales by block and by token.
constexpr config clustered(int m, int n) {
    return {.block = {64, 64, 128}, .stages = 3, .cluster = {m, n}, .sm90 = {.warpgroups = 1}};
}
using cluster_variants = shipped::kernels<
    gemm<arch::sm90, tokens<e4m3>, blocks<e4m3>, store<bf16>, clustered(2, 1)>,
    gemm<arch::sm90, tokens<e4m3>, tokens<e4m3>, store<float>, clustered(1, 2)>,
    gemm<arch::sm90, tokens<e4m3>, blocks<e4m3>, accumulate<float>, clustered(1, 2)>,
    gemm<arch::sm90, tokens<e4m3>, tokens<e4m3>, accumulate<bf16>, clustered(2, 2)>,
    gemm<arch::sm90, tokens<e4m3>, blocks<e4m3>, store<bf16>, clustered(2, 2)>,
    gemm<arch::sm90, tokens<e4m3, scale::ue8m0>, blocks<e4m3, scale::ue8m0>, store<float>, clustered(4, 1)>>;

/// Tiles, warpgroups, stages, staging buffers and bands at the ends of what is allowed.
template <config... Configs>
using plain = shipped::kernels<gemm<arch::sm90, tokens<e4m3>, blocks<e4m3>, store<bf16>, Configs>...>;
template <config... Configs>
using summing = shipped::kernels<gemm<arch::sm90, tokens<e4m3>, tokens<e4m3>, accumulate<float>, Configs>...>;
using tile_variants =
    plain<config{.block = {64, 8, 128}, .stages = 2, .sm90 = {.warpgroups = 1}},
          config{.block = {64, 24, 128}, .stages = 2, .sm90 = {.warpgroups = 1}},
          config{
              .block = {64, 184, 128}, .stages = 2, .store_columns = 8, .store_buffers = 5, .sm90 = {.warpgroups = 1}},
          config{.block = {64, 120, 128}, .stages = 2, .sm90 = {.warpgroups = 1, .promote = promotion::deferred}},
          config{.block = {128, 192, 128}, .stages = 3, .raster_rows = 1},
          config{.block = {256, 64, 128}, .stages = 3, .sm90 = {.warpgroups = 1}},
          config{.block = {256, 64, 128}, .stages = 2, .store_rows = 64, .sm90 = {.warpgroups = 4}},
          config{.block = {128, 96, 128},
                 .stages = 4,
                 .raster_rows = 3,
                 .store_rows = 64,
                 .store_columns = 16,
                 .store_buffers = 2}>;
using summing_variants = summing<config{.block = {64, 40, 128}, .stages = 2, .sm90 = {.warpgroups = 1}},
                                 config{.block = {192, 64, 128}, .raster_rows = 2, .sm90 = {.warpgroups = 3}},
                                 config{.block = {128, 64, 128},
                                        .stages = 2,
                                        .store_rows = 16,
                                        .store_columns = 8,
                                        .store_buffers = 2,
                                        .sm90 = {.warpgroups = 1}},
                                 config{.block = {128, 64, 128},
                                        .stages = 2,
                                        .store_rows = 64,
                                        .store_columns = 16,
                                        .store_buffers = 2,
                                        .sm90 = {.warpgroups = 1}}>;

/// K split among the CTAs of a cluster, and D added to in place. Some tiles form the products of scales late, from scales of B
/// in shared memory or held for two and four fragments.
using split_variants = shipped::kernels<
    gemm<arch::sm90, tokens<e4m3>, blocks<e4m3>, store<bf16>, split(small, 2)>,
    gemm<arch::sm90, tokens<e4m3, scale::ue8m0>, blocks<e4m3, scale::ue8m0>, store<float>, split(small, 3)>,
    gemm<arch::sm90, tokens<e4m3>, blocks<e4m3>, accumulate<bf16>,
         split(config{.block = {128, 64, 128}, .stages = 4, .sm90 = {.promote = promotion::deferred}}, 4)>,
    gemm<arch::sm90, tokens<e4m3>, tokens<e4m3>, add_in_place, split(small, 8)>>;
using in_place_variants =
    shipped::kernels<gemm<arch::sm90, tokens<e4m3>, tokens<e4m3>, add_in_place, small>,
                     gemm<arch::sm90, tokens<e4m3>, tokens<e4m3>, add_in_place,
                          config{.block = {128, 160, 128}, .stages = 3, .store_columns = 32, .store_buffers = 2}>,
                     gemm<arch::sm90, tokens<e4m3>, tokens<e4m3>, add_in_place,
                          config{.block = {256, 48, 128}, .stages = 2, .store_columns = 16, .sm90 = {.warpgroups = 1}}>,
                     gemm<arch::sm90, tokens<e4m3, scale::ue8m0>, tokens<e4m3>, add_in_place,
                          config{.block = {256, 112, 128}, .cluster = {1, 2}, .store_columns = 16, .store_buffers = 2}>,
                     gemm<arch::sm90, tokens<e4m3>, tokens<e4m3, scale::ue8m0>, add_in_place,
                          config{.block = {128, 128, 128}, .stages = 2, .sm90 = {.promote = promotion::deferred}}>,
                     gemm<arch::sm90, tokens<e4m3>, blocks<e4m3>, add_in_place,
                          config{.block = {256, 64, 128}, .stages = 2, .cluster = {1, 2}}>>;

/// 16-bit operands in either order: K split, warpgroups that take turns (two and three), clusters that share slabs.
template <major A, major B, class Epilogue, config... Configs>
using half_variant = shipped::kernels<
    gemm<arch::sm90, operand<bf16, scale::none, A>, operand<bf16, scale::none, B>, Epilogue, Configs>...>;
constexpr config half_tile(int m, int n, int math_warpgroups, bool alternate = false, cluster_shape cluster = {}) {
    return {.block = {m, n, 64},
            .stages = 3,
            .cluster = cluster,
            .sm90 = {.warpgroups = math_warpgroups, .alternate = alternate, .promote = promotion::never}};
}
using half_split_variants = half_variant<major::mn, major::k, accumulate<float>, split(half_tile(64, 64, 1), 2),
                                         split(half_tile(128, 24, 2), 5)>;
using half_turn_variants = half_variant<major::k, major::mn, store<bf16>, half_tile(64, 64, 2, true),
                                        half_tile(64, 64, 3, true), half_tile(128, 64, 2, true, {1, 2})>;
using half_cluster_variants =
    half_variant<major::mn, major::mn, accumulate<bf16>, half_tile(128, 128, 2, false, {2, 2}),
                 half_tile(64, 128, 1, false, {2, 1}), half_tile(64, 96, 1), half_tile(128, 160, 2, false, {1, 2}),
                 half_tile(64, 32, 1)>;

/// Operands that have changed places: tokens are columns of the multiply, D leaves transposed. K split, tiles shared, two
/// fragments for a warpgroup, scales of either kind on either side, 16-bit operands in either order.
constexpr config swapped(int m, int n, int math_warpgroups, int parts = 1, cluster_shape cluster = {}) {
    return {.block = {m, n, 128},
            .stages = 3,
            .cluster = cluster,
            .swap = true,
            .split_k = parts,
            .sm90 = {.warpgroups = math_warpgroups}};
}
constexpr config swapped_deferred(int m, int n, int math_warpgroups, int parts = 1) {
    config made = swapped(m, n, math_warpgroups, parts);
    made.sm90.promote = promotion::deferred;
    return made;
}
constexpr config swapped_half(int m, int n, int math_warpgroups, int parts = 1) {
    config made = swapped(m, n, math_warpgroups, parts);
    made.block.k = 64;
    made.sm90.promote = promotion::never;
    return made;
}
using swap_variants = shipped::kernels<
    gemm<arch::sm90, tokens<e4m3>, blocks<e4m3>, store<bf16>, swapped_deferred(8, 64, 1)>,
    gemm<arch::sm90, tokens<e4m3, scale::ue8m0>, blocks<e4m3, scale::ue8m0>, store<float>, swapped(16, 64, 1, 3)>,
    gemm<arch::sm90, tokens<e5m2>, tokens<e4m3>, store<bf16>, swapped_deferred(72, 128, 2, 2)>,
    gemm<arch::sm90, tokens<e4m3>, blocks<e4m3>, store<float>, swapped(24, 128, 1)>,
    gemm<arch::sm90, tokens<e4m3>, blocks<e4m3>, accumulate<bf16>, swapped_deferred(40, 128, 2, 2)>,
    gemm<arch::sm90, tokens<e4m3>, tokens<e4m3>, accumulate<float>, swapped(8, 64, 1)>,
    gemm<arch::sm90, rows_of<scale::fp32>, blocks<e4m3>, store<bf16>, swapped_deferred(8, 64, 1)>,
    gemm<arch::sm90, rows_of<scale::ue8m0>, blocks<e4m3>, store<bf16>, swapped(32, 128, 2)>,
    gemm<arch::sm90, tokens<e4m3>, blocks<e4m3>, store<bf16>, swapped(32, 64, 1, 1, {2, 2})>>;
using swap_half_variants = shipped::kernels<
    gemm<arch::sm90, operand<bf16>, operand<bf16>, store<bf16>, swapped_half(8, 64, 1, 2)>,
    gemm<arch::sm90, operand<bf16>, operand<bf16>, accumulate<bf16>, swapped_half(16, 128, 2)>,
    gemm<arch::sm90, operand<f16>, operand<f16, scale::none, major::mn>, store<float>, swapped_half(24, 128, 2)>,
    gemm<arch::sm90, operand<bf16, scale::none, major::mn>, operand<bf16>, store<bf16>, swapped_half(64, 64, 1)>>;

/// Kernels that let their dependents start early, for chains of products.
constexpr config in_chain(config made) {
    made.trigger_dependents = trigger::always;
    return made;
}
using chain_variants =
    half_variant<major::k, major::k, store<bf16>, in_chain(half_tile(64, 64, 1)), in_chain(swapped_half(8, 64, 1)),
                 in_chain(swapped_half(8, 64, 1, 4)), in_chain(half_tile(128, 128, 2, false, {2, 1}))>;

/// One product computed in different ways: a configuration may change the speed, but no bit of the result.
using equal_variants =
    plain<config{.block = {64, 64, 128}, .stages = 4, .sm90 = {.warpgroups = 1}},
          config{.block = {64, 64, 128}, .stages = 2, .sm90 = {.warpgroups = 1, .promote = promotion::deferred}},
          config{.block = {128, 32, 128}, .sm90 = {.promote = promotion::deferred}},
          config{.block = {128, 160, 128}, .store_rows = 64},
          config{.block = {256, 32, 128}, .stages = 3, .cluster = {2, 1}},
          config{.block = {192, 96, 128}, .cluster = {1, 2}, .sm90 = {.warpgroups = 3}}, swapped(16, 64, 1),
          swapped_deferred(48, 128, 2)>;

/// One problem with every combination of fixed extents that matters. The first kernel has none.
inline constexpr static_extents fixed{100, 88, 400};
constexpr config with_extents(int m, int n, int k) {
    return {.block = {64, 32, 128}, .stages = 3, .extents = {m, n, k}, .sm90 = {.warpgroups = 1}};
}
using extent_variants =
    plain<with_extents(0, 0, 0), with_extents(fixed.m, 0, 0), with_extents(0, fixed.n, 0), with_extents(0, 0, fixed.k),
          with_extents(0, fixed.n, fixed.k), with_extents(fixed.m, fixed.n, fixed.k)>;

/// A user's function: a bias per column, then ReLU.
struct bias_relu {
    const float* bias;  ///< (n)
    DEEPGEMM_DEVICE float operator()(float value, i32 /*m*/, i32 n) const { return max(value + bias[n], 0.0f); }
};
/// Another one, without memory of its own: every other row halved.
struct halve_rows {
    DEEPGEMM_DEVICE float operator()(float value, i32 m, i32 /*n*/) const { return m % 2 == 0 ? value : value * 0.5f; }
};
using biased = gemm<arch::sm90, tokens<e4m3>, blocks<e4m3>, then<transform<bias_relu>, store<bf16>>, small>;
using chained = gemm<arch::sm90, tokens<e4m3>, tokens<e4m3>,
                     then<transform<bias_relu>, transform<halve_rows>, accumulate<float>>, small>;

/// Lets the next kernel of a stream start early.
inline constexpr config early{
    .block = {64, 32, 128}, .stages = 3, .trigger_dependents = trigger::always, .sm90 = {.warpgroups = 1}};
using triggering = gemm<arch::sm90, tokens<e4m3>, blocks<e4m3>, accumulate<float>, early>;

}  // namespace deepgemm::test
