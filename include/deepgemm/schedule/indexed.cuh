// SPDX-License-Identifier: MIT
// The schedules of groups of rows that follow each other, by the group of each row, and which of the two a kernel has. Groups of
// many rows are computed on a fixed grid of tiles over D; a tile in which the group changes is computed as several, one for
// each group, and their rows need not start or end at any multiple. Groups of few rows are walked one after another, since one
// CTA would have many of them in a tile. All roles, and all CTAs of a cluster, compute the same list.
#pragma once

#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/schedule/grouped.cuh>
#include <deepgemm/schedule/listed_groups.cuh>
#include <deepgemm/schedule/rasterize.cuh>

namespace deepgemm {

/// Tiles `Block` of the grid over D, for clusters `Cluster` along N, in bands of `RasterRows` tiles along M, each as one work
/// tile for every stretch of rows of one group in it. `list[r]` of the arguments is the group of row r; a negative value means
/// none, and the row becomes zero in D. A group's rows follow each other without a gap, from a multiple of `alignment` on.
///
/// A launch that breaks this traps, and so does one with a group that has no matrix of B: see inspect(). It may then have
/// written anything to D.
template <tile_shape Block, cluster_shape Cluster, int RasterRows>
struct indexed_grid {
    static_assert(Cluster.m == 1, "indexed: CTAs of a cluster must lie along N, since rows end where a group does");
    static constexpr tile_shape block = Block;
    static constexpr cluster_shape cluster = Cluster;
    static constexpr stacks stacked{.b = true};
    static constexpr bool bounded = true, on_device = true, any_row = true;
    using arguments = row_groups;

    listed_rows groups;
    problem_shape shape;
    banded_raster raster;  ///< of cluster tiles
    i32 first_column;      ///< of this CTA in a cluster tile, in elements

    /// Host: the schedule of a problem. `shape.m` is the number of rows of A and D.
    DEEPGEMM_BOTH static constexpr indexed_grid of(problem_shape shape, const row_groups& groups) {
        return {{groups}, shape, banded_raster::of(row_tiles(shape), column_tiles(shape), RasterRows), 0};
    }
    /// Any thread of the kernel: the schedule of this CTA, which has rank `rank` in its cluster.
    DEEPGEMM_BOTH constexpr indexed_grid started(problem_shape known, u32 rank) const {
        return {groups, known, raster, Block.n * i32(rank)};
    }
    DEEPGEMM_BOTH static constexpr i32 clusters(problem_shape shape, const row_groups&) {
        return row_tiles(shape) * column_tiles(shape);
    }
    /// Every cluster tile along N reads A once; every tile of a group's rows reads the group's matrix of B once.
    DEEPGEMM_BOTH static constexpr operand_reads reads(problem_shape shape, const row_groups& groups) {
        return {column_tiles(shape), ceil_div(groups.usual_rows(shape), Block.m)};
    }

    struct tile {
        i32 m, n;
        i32 group;  ///< the matrix of B
        i32 k;      ///< elements: all, or none if the rows have no group
        result_end ends;
        bool no_group;  ///< the rows become zero

        DEEPGEMM_BOTH constexpr block_range blocks() const { return {0, ceil_div(k, Block.k)}; }
        DEEPGEMM_BOTH constexpr operand_place a(i32 block) const { return {m, block * Block.k, 0}; }
        DEEPGEMM_BOTH constexpr operand_place b(i32 block) const { return {n, block * Block.k, group}; }
        DEEPGEMM_BOTH constexpr i32 matrix() const { return 0; }
        DEEPGEMM_BOTH constexpr result_end end() const { return ends; }
        DEEPGEMM_BOTH constexpr bool gap(problem_shape) const { return no_group; }
    };

    struct sentinel {};
    /// Walks the stretches of one tile of the grid after those of another. The groups of a stretch's first row and of its
    /// tile's last one are loaded when the walk gets there, and looked at when the stretch is asked for: a whole main loop
    /// later in the math warps, so that they do not wait for the loads.
    struct iterator {
        const indexed_grid& tiles;
        i32 index;              ///< of a cluster tile in the raster
        i32 row = 0, last = 0;  ///< the first row of the stretch, and the last one of the tile
        i32 group = 0, last_group = 0;
        i32 end = 0;  ///< the first row behind the stretch; 0: not known yet

        DEEPGEMM_DEVICE tile operator*() {
            find_end();
            const i32 n = tiles.raster.at(index).n * (Block.n * Cluster.n) + tiles.first_column;
            // A group without a matrix is clamped only so that nothing faults before inspect() has found it.
            return {row,
                    n,
                    max(0, min(group, tiles.groups.count - 1)),
                    group < 0 ? 0 : tiles.shape.k,
                    {end, tiles.shape.n},
                    group < 0};
        }
        DEEPGEMM_DEVICE void operator++() {
            find_end();
            if (end > last) {
                index += i32(ptx::cta_count()) / Cluster.size();
                enter();
            } else {
                row = end;
                group = tiles.groups.group_of(row);
                end = 0;
            }
        }
        DEEPGEMM_DEVICE bool operator!=(sentinel) const { return index < tiles.raster.count(); }

        /// Begins with the first stretch of tile `index`, if there is that tile.
        DEEPGEMM_DEVICE void enter() {
            if (index >= tiles.raster.count()) return;
            row = tiles.raster.at(index).m * Block.m;
            last = min(row + Block.m, tiles.shape.m) - 1;
            group = tiles.groups.group_of(row);
            last_group = tiles.groups.group_of(last);
            end = 0;
        }

    private:
        DEEPGEMM_DEVICE void find_end() {
            if (end != 0) return;
            end = group < 0             ? tiles.groups.end_of_gap(row, last)
                  : group == last_group ? last + 1
                                        : tiles.end_of_group(row, last, group);
        }
    };
    DEEPGEMM_DEVICE iterator begin() const {
        iterator at{*this, i32(ptx::cta_index()) / Cluster.size()};
        at.enter();
        return at;
    }
    DEEPGEMM_DEVICE sentinel end() const { return {}; }

    /// The idle warps: see listed_rows.
    DEEPGEMM_DEVICE void inspect(u32 warp, u32 warps) const { groups.inspect(shape.m, warp, warps); }

private:
    static constexpr int probes = 8;  ///< loads under way at a time

    DEEPGEMM_BOTH static constexpr i32 row_tiles(problem_shape shape) { return ceil_div(shape.m, Block.m); }
    DEEPGEMM_BOTH static constexpr i32 column_tiles(problem_shape shape) {
        return ceil_div(shape.n, Block.n * Cluster.n);
    }
    /// The first row after `row` that is not of `group`, as `row` is and row `last` is not.
    DEEPGEMM_DEVICE i32 end_of_group(i32 row, i32 last, i32 group) const {
        while (last - row > 1) {
            const i32 step = ceil_div(last - row, probes + 1);
            i32 found[probes];
            DEEPGEMM_UNROLL
            for (int i = 0; i < probes; ++i) found[i] = groups.group_of(min(row + (i + 1) * step, last));
            i32 same = 0;  // probes of the group, which come first
            DEEPGEMM_UNROLL
            for (int i = 0; i < probes; ++i) same += same == i && found[i] == group ? 1 : 0;
            last = min(row + (same + 1) * step, last);
            row += same * step;
        }
        return last;
    }
};

namespace detail {
template <tile_shape Block, cluster_shape Cluster, int RasterRows, bool FollowsGroups>
struct tiles_by_row : indexed_grid<Block, Cluster, RasterRows> {
    using base = indexed_grid<Block, Cluster, RasterRows>;
};
template <tile_shape Block, cluster_shape Cluster, int RasterRows>
struct tiles_by_row<Block, Cluster, RasterRows, true> : grouped<Block, Cluster, listed_groups, RasterRows> {
    using base = grouped<Block, Cluster, listed_groups, RasterRows>;
};
}  // namespace detail

/// The schedule of groups of rows by the group of each row. Tiles of 64 rows are for groups of few: they follow the groups.
/// Taller ones follow the grid, on which groups of many rows need no walk over the others. A class, not another name of
/// either, so that kernels print as what they can be compiled from.
template <tile_shape Block, cluster_shape Cluster, int RasterRows>
struct indexed : detail::tiles_by_row<Block, Cluster, RasterRows, (Block.m <= 64)> {
    using tiles = detail::tiles_by_row<Block, Cluster, RasterRows, (Block.m <= 64)>;
    static constexpr grouping grouped_as = grouping::indexed;

    DEEPGEMM_BOTH static constexpr indexed of(problem_shape shape, const row_groups& groups) {
        return {{tiles::base::of(shape, groups)}};
    }
    DEEPGEMM_BOTH constexpr indexed started(problem_shape known, u32 rank) const {
        return {{tiles::base::started(known, rank)}};
    }
};

static_assert(schedule<indexed<tile_shape{}, cluster_shape{1, 2}, 8>>);
static_assert(schedule<indexed<tile_shape{64, 128, 128}, cluster_shape{1, 2}, 8>>);

}  // namespace deepgemm
