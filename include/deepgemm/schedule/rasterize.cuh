// SPDX-License-Identifier: MIT
// The order in which tiles of D are computed, for the sake of L2: bands of a few rows of tiles, walked column by column, so
// that the tiles in flight at one time share few rows of A and of B. Pure arithmetic.
#pragma once

#include <deepgemm/core/math.cuh>
#include <deepgemm/core/types.cuh>

namespace deepgemm {

/// Coordinates of a tile in a grid of tiles.
struct grid_coord {
    i32 m, n;
};

/// Orders a grid of `m` x `n` tiles in bands of `band` rows.
struct banded_raster {
    i32 m, n, band;

    DEEPGEMM_BOTH constexpr i32 count() const { return m * n; }

    /// The tile at place `index`, 0 <= index < count(); each tile appears exactly once.
    DEEPGEMM_BOTH constexpr grid_coord at(i32 index) const {
        const i32 per_band = band * n, which = index / per_band, inside = index - which * per_band;
        const i32 first = which * band, rows = min(band, m - first);  // the last band may be lower
        return {first + inside % rows, inside / rows};
    }
};

}  // namespace deepgemm
