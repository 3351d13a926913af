// SPDX-License-Identifier: MIT
// Stores the results of a HyperConnection prenorm: products of a tile, and sums of squares of its rows.
#pragma once

#include <deepgemm/kernel/hc_prenorm_info.cuh>
#include <deepgemm/mma/fragment.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/warp.cuh>
#include <deepgemm/schedule/schedule.cuh>

namespace deepgemm {

/// The sums of squares of a thread's two rows in all of the four lanes that have a share of them.
DEEPGEMM_DEVICE float squares_of_row(float share) {
    const float pair = share + ptx::shuffle_xor(share, 1);
    return pair + ptx::shuffle_xor(pair, 2);
}

/// Threads that hold a fragment of `Map`: `Sums` products each and, after these, the sums of squares of their two rows. Stores
/// those of the tile that begins at row `m` and column `n` in part `part` of K; rows and columns from `end` on are left out.
template <class Map, int Sums, int Totals>
DEEPGEMM_DEVICE void store_prenorm(const hc_prenorm_arguments& args, i32 m, i32 n, i32 part, result_end end,
                                   const float (&total)[Totals]) {
    static_assert(Totals >= Sums + 2, "store_prenorm: the two sums of squares come after the products");
    const auto place = fragment_place<Map>::here().in(Map::rows, m, n);
    float* const d = args.d + part * args.d_part_pitch;
    DEEPGEMM_UNROLL
    for (int i = 0; i < Sums; ++i) {
        const i32 row = place.row_of(i), column = place.column_of(i);
        if (row < end.m && column < end.n) ptx::st_global(d + row * args.d_pitch + column, total[i]);
    }
    if (n != 0 || ptx::lane_index() % 4 != 0) return;
    DEEPGEMM_UNROLL
    for (int j = 0; j < 2; ++j) {
        const i32 row = place.row_of(2 * j);
        if (row < end.m) ptx::st_global(args.squares + part * args.squares_pitch + row, total[Sums + j]);
    }
}

}  // namespace deepgemm
