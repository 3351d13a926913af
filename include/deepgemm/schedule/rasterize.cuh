// SPDX-License-Identifier: MIT
// The order in which tiles of D are computed. It serves L2: tiles that run at the same time should share few rows of A and of
// B. So the raster goes in bands of a few rows of tiles, and in each band column by column. Pure arithmetic.
#pragma once

#include <deepgemm/core/math.cuh>
#include <deepgemm/core/types.cuh>

namespace deepgemm {

/// Coordinates of a tile in a grid of tiles.
struct grid_coord {
    i32 m, n;
};

/// How many of `most` clusters a grid should have for `tiles` tiles: as few as it takes for none to have more of them, if each has
/// three or more and at most one cluster of 16 is left out; else all. Those would have one tile fewer than the others and draw
/// power; without them products that tensor cores bind take 1 to 2.5 % less time (docs/tuning-log.md, "Heads whose weights stay").
DEEPGEMM_BOTH constexpr i32 even_share(i32 tiles, i32 most) {
    if (tiles <= 0 || most <= 0) return most;
    const i64 rounds = ceil_div(i64(tiles), i64(most)), even = ceil_div(i64(tiles), rounds);
    return rounds >= 3 && most - even <= most / 16 ? i32(even) : most;
}

/// Orders a grid of `m` x `n` tiles in bands of `band` rows of tiles; the last band may have fewer.
struct banded_raster {
    i32 m, n;
    i32 whole;  ///< tiles in bands of full height
    i32 band;
    fast_divider by_band_tiles, by_band, by_last_band;

    DEEPGEMM_BOTH static constexpr banded_raster of(i32 m, i32 n, i32 band) {
        const i32 last = m % band == 0 ? band : m % band;
        return {m,
                n,
                m / band * band * n,
                band,
                fast_divider::of(max(band * n, 1)),
                fast_divider::of(band),
                fast_divider::of(last)};
    }

    DEEPGEMM_BOTH constexpr i32 count() const { return m * n; }

    /// The tile at place `index`, 0 <= index < count(); each tile appears exactly once.
    DEEPGEMM_BOTH constexpr grid_coord at(i32 index) const {
        const i32 which = by_band_tiles.divide(index), inside = index - which * band * n;
        const fast_divider& by_rows = index < whole ? by_band : by_last_band;
        const i32 column = by_rows.divide(inside);
        return {which * band + inside - column * i32(by_rows.divisor), column};
    }
};

}  // namespace deepgemm
