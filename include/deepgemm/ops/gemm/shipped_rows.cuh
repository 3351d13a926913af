// SPDX-License-Identifier: MIT
// The shipped FP8 kernels whose scales hold for all of K, as lists of types. All of them take a scale for each row of both
// operands, and so serve one scale for a whole operand, and none, on either side (scale/granularities.cuh). The tensor core
// sums over all of K, so that their main loops are those of 16-bit operands with twice the elements in a K block; the last
// lists promote. shipped_fp8.cuh says how lists are used.
#pragma once

#include <deepgemm/ops/gemm/shipped_fp8.cuh>

namespace deepgemm::shipped {

using by_row = operand<e4m3, scale::per_row<scale::fp32>>;
/// D = A x B with both operands scaled by row.
template <class Epilogue, config Config>
using rows_kernel = gemm<arch::sm90, by_row, by_row, Epilogue, Config>;
/// Several of them as `type`, a struct for the reason that shipped_half.cuh gives.
template <class Epilogue, config... Configs>
struct rows_with {
    using type = kernels<rows_kernel<Epilogue, Configs>...>;
};

/// `base` with sums of the tensor core alone.
DEEPGEMM_BOTH constexpr config unpromoted(config base) {
    base.sm90.promote = promotion::never;
    return base;
}
/// A tile of `math_warpgroups` warpgroups with staging buffers of its own choice, in bands of `raster_rows` rows of tiles.
DEEPGEMM_BOTH constexpr config tile8(int m, int n, int math_warpgroups, cluster_shape cluster = {},
                                     int store_columns = 0, int store_buffers = 0, int raster_rows = 8) {
    return {.block = {m, n, 128},
            .cluster = cluster,
            .raster_rows = raster_rows,
            .store_columns = store_columns,
            .store_buffers = store_buffers,
            .sm90 = {.warpgroups = math_warpgroups, .promote = promotion::never}};
}
/// Two warpgroups that alternate: one scales and stores its tile during the main loop of the other.
DEEPGEMM_BOTH constexpr config turns8(int m, int n, cluster_shape cluster = {}, int store_columns = 0,
                                      int store_buffers = 0) {
    config made = tile8(m, n, 2, cluster, store_columns, store_buffers);
    made.sm90.alternate = true;
    return made;
}

// D in BF16. Few rows of A, from one row on: as columns of the multiply, then as its rows.
template <config... Configs>
struct rows_bf16 : rows_with<store<bf16>, Configs...> {};
using rows_bf16_few =
    rows_bf16<unpromoted(few(8, 64, 8)), unpromoted(few(8, 64, 12)), unpromoted(few(8, 128, 6)),
              unpromoted(few(8, 64, 8, 8)), unpromoted(few(8, 128, 6, 4)), unpromoted(few(16, 64, 12))>::type;
using rows_bf16_narrow = rows_bf16<unpromoted(split(64, 64, 4)), unpromoted(split(128, 32, 2)), tile8(64, 64, 1),
                                   tile8(64, 64, 1, pair_m), tile8(128, 64, 2)>::type;
// Many rows. All columns of a fragment are staged at once where that leaves enough stages: to wait until TMA has read a staging
// buffer takes some 1000 cycles, once for each batch of columns that finds none free. 192 x 176 covers 2112 by 4096 in two
// waves. 128 x 144 covers 576 by 4096 in one, whose main loop is long: small buffers leave six stages for it instead of five.
using rows_bf16_medium = rows_bf16<tile8(128, 128, 2), tile8(128, 144, 2, {}, 16, 3), tile8(192, 96, 3)>::type;
using rows_bf16_wide = rows_bf16<tile8(192, 176, 3, {}, 16, 6), tile8(192, 192, 3, {}, 64, 1),
                                 tile8(128, 256, 2, {}, 64, 2, 16), tile8(256, 128, 2, pair_n, 64, 2)>::type;
using rows_bf16_turns =
    rows_bf16<turns8(128, 64), turns8(128, 128, {}, 64, 4), turns8(128, 128, {}, 64, 2), turns8(128, 160, pair_m),
              turns8(128, 176, {}, 16, 2), turns8(128, 192, {}, 64, 1), turns8(128, 192, {}, 64, 2)>::type;

// Weight gradients: FP32 D with C. In most cases C is D itself, and L2 adds.
using rows_gradients = rows_with<accumulate<float>, tile8(64, 64, 1), tile8(128, 128, 2, {}, 32, 2)>::type;
using rows_gradients_in_place = rows_with<add_in_place, tile8(64, 64, 1, {}, 32, 1), tile8(192, 96, 3, {}, 32, 1),
                                          tile8(128, 256, 2, {}, 32, 2), turns8(128, 192, {}, 32, 1)>::type;

// Seldom asked for: a tile for few rows, one for many.
using rows_f32 = rows_with<store<float>, tile8(64, 64, 1), tile8(128, 128, 2)>::type;
using rows_bf16_acc = rows_with<accumulate<bf16>, tile8(64, 64, 1), tile8(128, 128, 2)>::type;
using rows_bf16_promoted =
    rows_with<store<bf16>, few(16, 64, 12), narrow(64, 64, deferred), medium(128), lean(medium(192), 64)>::type;
using rows_f32_promoted = rows_with<store<float>, narrow(64, 64, deferred), lean(medium(128), 32)>::type;
using rows_f32_acc_promoted = rows_with<accumulate<float>, narrow(64, 64, deferred), medium(128)>::type;

/// All of them.
template <class = void>
DEEPGEMM_BOTH constexpr auto fp8_rows() {
    return shipped::sum_of(rows_bf16_few{}, rows_bf16_narrow{}, rows_bf16_medium{}, rows_bf16_wide{}, rows_bf16_turns{},
                           rows_gradients{}, rows_gradients_in_place{}, rows_f32{}, rows_bf16_acc{},
                           rows_bf16_promoted{}, rows_f32_promoted{}, rows_f32_acc_promoted{});
}

}  // namespace deepgemm::shipped
