// SPDX-License-Identifier: MIT
// The shipped kernels of 16-bit operands, as lists of types; shipped_fp8.cuh has those of FP8 and says how lists are used.
// A list is named by its operands' type, by the layouts of A and B as BLAS names them (nt: both contiguous along K; nn: B along
// N; tn: A along M and B along N; tt: A along M), and by D.
#pragma once

#include <deepgemm/core/kernel_list.cuh>
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/kernel/swapped.cuh>

namespace deepgemm::shipped {

/// D = A x B of operands of `Element`, as `type`. Structs here and below, since nvcc 13 loses configurations in alias
/// templates.
template <class Element, major A, major B, class Epilogue, config... Configs>
struct half_kernels {
    using type = kernels<
        gemm<arch::sm90, operand<Element, scale::none, A>, operand<Element, scale::none, B>, Epilogue, Configs>...>;
};

/// A configuration for 16-bit operands: block.k is 64, and nothing is promoted.
DEEPGEMM_BOTH constexpr config tile16(int m, int n, int math_warpgroups, cluster_shape cluster = {},
                                      int store_columns = 0, int store_buffers = 0) {
    return {.block = {m, n, 64},
            .cluster = cluster,
            .store_columns = store_columns,
            .store_buffers = store_buffers,
            .sm90 = {.warpgroups = math_warpgroups, .promote = promotion::never}};
}
/// Two warpgroups that alternate: one stores its tile during the main loop of the other.
DEEPGEMM_BOTH constexpr config turns16(int m, int n, cluster_shape cluster = {}, int store_columns = 0,
                                       int store_buffers = 0) {
    config made = tile16(m, n, 2, cluster, store_columns, store_buffers);
    made.sm90.alternate = true;
    return made;
}

/// A narrow tile whose K blocks `parts` CTAs share.
DEEPGEMM_BOTH constexpr config split16(int m, int n, int parts) {
    config made = tile16(m, n, m / 64);
    made.split_k = parts;
    return made;
}
/// Very few rows of A: see few() in shipped_fp8.cuh.
DEEPGEMM_BOTH constexpr config few16(int m, int n, int stages, int parts = 1) {
    config made = tile16(m, n, n / 64);
    made.stages = stages;
    made.swap = true;
    made.split_k = parts;
    return made;
}
/// Bands of 16 rows of tiles, for D with many rows of tiles and large operands.
DEEPGEMM_BOTH constexpr config high_bands(config base) {
    base.raster_rows = 16;
    return base;
}

/// Results staged by warpgroup: a fourth of the copies to D, and one wait for all of a tile.
DEEPGEMM_BOTH constexpr config by_warpgroup(config base) {
    base.store_rows = 64;
    return base;
}

inline constexpr cluster_shape pair{2, 1}, across{1, 2};  ///< two CTAs along M that share B, along N that share A

/// Few rows of A. The narrowest tiles exist only for orders of B that can be cut so narrow.
template <class Element, class Epilogue>
struct half_nt_few
    : half_kernels<Element, major::k, major::k, Epilogue, few16(8, 64, 8), few16(8, 64, 12), few16(16, 64, 12),
                   few16(8, 64, 12, 2), few16(8, 64, 8, 4), few16(8, 64, 8, 8), few16(8, 128, 6, 4)> {};
template <class Element, class Epilogue>
struct half_nt_narrow
    : half_kernels<Element, major::k, major::k, Epilogue, tile16(64, 32, 1), tile16(64, 64, 1), tile16(64, 64, 1, pair),
                   tile16(64, 96, 1), tile16(64, 128, 1), tile16(128, 32, 2)> {};
template <class Element, class Epilogue>
struct half_nt_split : half_kernels<Element, major::k, major::k, Epilogue, split16(64, 32, 2), split16(64, 32, 4),
                                    split16(64, 64, 4), split16(128, 32, 2)> {};
template <class Element, class Epilogue>
struct half_nn_narrow
    : half_kernels<Element, major::k, major::mn, Epilogue, few16(16, 64, 12), tile16(64, 64, 1), tile16(64, 128, 1)> {};
/// Many rows, D of 16 bits; few staging buffers leave room for stages.
template <class Element, major A, major B>
struct half_wide : half_kernels<Element, A, B, store<Element>, tile16(128, 64, 2), tile16(128, 128, 2, across),
                                tile16(128, 192, 2, {}, 64, 1), high_bands(tile16(128, 256, 2, {}, 64, 2)),
                                turns16(128, 192, {}, 64, 1), tile16(192, 96, 3), tile16(192, 192, 3, {}, 64, 1)> {};
/// The same for B contiguous along K, which can be cut finer.
template <class Element>
struct half_nt_wide : half_kernels<Element, major::k, major::k, store<Element>, tile16(128, 64, 2), tile16(128, 128, 2),
                                   tile16(128, 128, 2, across), tile16(128, 144, 2, across, 16, 1),
                                   tile16(128, 192, 2, {}, 64, 1), high_bands(tile16(128, 256, 2, {}, 64, 2)),
                                   high_bands(tile16(128, 256, 2, pair, 64, 2)), turns16(128, 160, pair, 32, 1),
                                   turns16(128, 176), turns16(128, 192, pair, 64, 1), tile16(192, 192, 3, {}, 64, 1)> {
};
/// The same with C, which needs a buffer for each column of a tile. The warpgroups of the largest tile take turns, for want of
/// registers.
template <class Element>
struct half_nt_wide_acc
    : half_kernels<Element, major::k, major::k, accumulate<Element>, tile16(128, 64, 2), tile16(128, 128, 2),
                   tile16(128, 144, 2, {}, 16), tile16(128, 144, 2, across, 16), tile16(192, 96, 3, across),
                   tile16(128, 256, 2, {}, 64, 2), turns16(128, 128, pair), turns16(128, 160, pair),
                   turns16(128, 176, pair, 16, 1), turns16(128, 192, pair)> {};
/// Many rows, FP32 D. K-major operands have a tile of 128 x 128, too; half_any has it for the other orders.
template <class Element, major A, major B, class Epilogue>
struct half_wide_f32 : half_kernels<Element, A, B, Epilogue, tile16(128, 64, 2), tile16(128, 256, 2, {}, 32, 2),
                                    turns16(128, 128, pair)> {};
template <class Element>
struct half_nt_wide_f32 : half_kernels<Element, major::k, major::k, store<float>, tile16(128, 64, 2),
                                       tile16(128, 128, 2), tile16(128, 256, 2, {}, 32, 2), turns16(128, 128, pair)> {};
/// FP32 D to which L2 adds: no C in shared memory, so that tiles may be large.
template <class Element, major A, major B>
struct half_wide_add : half_kernels<Element, A, B, add_in_place, tile16(128, 64, 2), tile16(128, 256, 2, {}, 32, 2),
                                    tile16(128, 256, 2, pair, 32, 2), turns16(128, 192, {}, 32, 1),
                                    tile16(192, 96, 3, {}, 32, 1), tile16(192, 192, 3, {}, 32, 1)> {};
/// Combinations that are seldom asked for: one tile for few rows, one for many.
template <class Element, major A, major B, class Epilogue>
struct half_any : half_kernels<Element, A, B, Epilogue, tile16(64, 64, 1), tile16(128, 128, 2)> {};
template <class Element, class Epilogue>
struct half_any_nt : half_any<Element, major::k, major::k, Epilogue> {};
/// The same for all layouts but nt.
template <class Element, class Epilogue>
struct half_any_transposed : join<typename half_any<Element, major::k, major::mn, Epilogue>::type,
                                  typename half_any<Element, major::mn, major::mn, Epilogue>::type,
                                  typename half_any<Element, major::mn, major::k, Epilogue>::type> {};

using bf16_nt_few = half_nt_few<bf16, store<bf16>>::type;
using bf16_nt = half_nt_narrow<bf16, store<bf16>>::type;
using bf16_nt_split = half_nt_split<bf16, store<bf16>>::type;
using bf16_nt_wide = half_nt_wide<bf16>::type;
using bf16_nn = half_nn_narrow<bf16, store<bf16>>::type;
using bf16_nn_wide = half_wide<bf16, major::k, major::mn>::type;
using bf16_tn_wide = half_wide<bf16, major::mn, major::mn>::type;
using bf16_tt = half_any<bf16, major::mn, major::k, store<bf16>>::type;

using bf16_nt_acc_few = half_nt_few<bf16, accumulate<bf16>>::type;
using bf16_nt_acc = half_nt_narrow<bf16, accumulate<bf16>>::type;
using bf16_nt_acc_split = half_nt_split<bf16, accumulate<bf16>>::type;
using bf16_nt_acc_wide = half_nt_wide_acc<bf16>::type;
using bf16_acc_transposed = half_any_transposed<bf16, accumulate<bf16>>::type;

using bf16_nt_f32_few = half_nt_few<bf16, store<float>>::type;
using bf16_nt_f32 = half_nt_narrow<bf16, store<float>>::type;
using bf16_nt_f32_split = half_nt_split<bf16, store<float>>::type;
using bf16_nt_f32_wide = half_nt_wide_f32<bf16>::type;
using bf16_f32_transposed = half_any_transposed<bf16, store<float>>::type;

using bf16_nt_f32_acc = half_any_nt<bf16, accumulate<float>>::type;
using bf16_tn_f32_acc_wide = half_wide_f32<bf16, major::mn, major::mn, accumulate<float>>::type;
using bf16_tn_f32_in_place = half_wide_add<bf16, major::mn, major::mn>::type;
using bf16_f32_acc_transposed = half_any_transposed<bf16, accumulate<float>>::type;

template <class Epilogue>
struct f16_any : join<typename half_any_nt<f16, Epilogue>::type, typename half_any_transposed<f16, Epilogue>::type> {};
using f16_half = f16_any<store<f16>>::type;
using f16_half_acc = f16_any<accumulate<f16>>::type;
using f16_f32 = f16_any<store<float>>::type;
using f16_f32_acc = f16_any<accumulate<float>>::type;

/// All of BF16 operands.
template <class = void>
DEEPGEMM_BOTH constexpr auto bf16_dense() {
    return shipped::sum_of(bf16_nt{}, bf16_nt_wide{}, bf16_nn{}, bf16_nn_wide{}, bf16_tn_wide{}, bf16_tt{},
                           bf16_nt_acc{}, bf16_nt_acc_wide{}, bf16_acc_transposed{}, bf16_nt_f32{}, bf16_nt_f32_wide{},
                           bf16_f32_transposed{}, bf16_nt_f32_acc{}, bf16_tn_f32_acc_wide{}, bf16_f32_acc_transposed{},
                           bf16_nt_split{}, bf16_nt_acc_split{}, bf16_nt_f32_split{}, bf16_tn_f32_in_place{},
                           bf16_nt_few{}, bf16_nt_acc_few{}, bf16_nt_f32_few{});
}
/// All of FP16 operands.
template <class = void>
DEEPGEMM_BOTH constexpr auto f16_dense() {
    return shipped::sum_of(f16_half{}, f16_half_acc{}, f16_f32{}, f16_f32_acc{});
}

}  // namespace deepgemm::shipped
