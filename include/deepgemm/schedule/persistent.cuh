// SPDX-License-Identifier: MIT
// The static persistent schedule: each cluster of CTAs takes every `cluster_count`-th tile of the raster. All roles of a CTA,
// and all CTAs of a cluster, compute the same list, so nothing is passed between them.
#pragma once

#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/schedule/rasterize.cuh>
#include <deepgemm/schedule/schedule.cuh>

namespace deepgemm {

/// Tiles `Block`, for clusters `Cluster`, in bands of `RasterRows` tiles along M. With `SplitK` above 1, that many of
/// them form a hardware cluster and get the same tiles, and each gets a part of their K blocks.
template <tile_shape Block, cluster_shape Cluster, int RasterRows, int SplitK = 1>
struct persistent : dense_schedule<Block, Cluster> {
    static constexpr grouping grouped_as = grouping::none;
    static constexpr i32 ctas = Cluster.size() * SplitK;  ///< of a hardware cluster
    using tile = dense_tile<Block>;

    banded_raster raster;  ///< of cluster tiles, each Cluster.m x Cluster.n tiles of D
    block_range blocks;    ///< this CTA's K blocks of every tile
    result_end ends;       ///< of D
    tile_coord place;      ///< of this CTA in a cluster tile, in elements

    /// The raster of cluster tiles for a problem; host and device.
    DEEPGEMM_BOTH static constexpr banded_raster cluster_tiles(problem_shape shape) {
        constexpr int band = RasterRows >= Cluster.m ? RasterRows / Cluster.m : 1;
        return banded_raster::of(ceil_div(shape.m, Block.m * Cluster.m), ceil_div(shape.n, Block.n * Cluster.n), band);
    }

    /// Clusters that have work: one for each cluster tile.
    DEEPGEMM_BOTH static constexpr i32 clusters(problem_shape shape, const no_arguments&) {
        return cluster_tiles(shape).count();
    }

    /// How many of `most` clusters the grid has. If all tiles of a column are in one band, their clusters read the same of B from
    /// round to round, since else they drift apart and what they share comes from memory again: the number is rounded up to
    /// whole columns (docs/tuning-log.md, "Whole columns").
    DEEPGEMM_BOTH static constexpr i32 even_clusters(problem_shape shape, const no_arguments&, i32 most) {
        const banded_raster all = cluster_tiles(shape);
        const i32 share = even_share(all.count(), most);
        return all.m <= all.band ? min(align_up(share, max(all.m, 1)), most) : share;
    }

    /// Host: the schedule of a problem. It needs divisions, which would cost a kernel about half a microsecond.
    DEEPGEMM_BOTH static constexpr persistent of(problem_shape shape, const no_arguments&) {
        return {{}, cluster_tiles(shape), {}, {}, {}};
    }

    /// Any thread of the kernel: the schedule of this CTA, which has rank `rank` in its cluster.
    DEEPGEMM_BOTH constexpr persistent started(problem_shape shape, u32 rank) const {
        return {
            {},
            raster,
            block_range::part_of(ceil_div(shape.k, Block.k), SplitK > 1 ? i32(rank / u32(Cluster.size())) : 0, SplitK),
            {shape.m, shape.n},
            place_in_cluster<Block, Cluster>(rank)};
    }

    /// K blocks of every tile. Unless K is split they start at the literal 0, which saves a comparison in each K block.
    DEEPGEMM_BOTH constexpr block_range range() const { return {SplitK > 1 ? blocks.first : 0, blocks.count}; }

    /// This CTA's tile in the cluster tile with that number in the raster.
    DEEPGEMM_BOTH constexpr tile tile_number(i32 number) const {
        const grid_coord at = raster.at(number);
        return {at.m * (Block.m * Cluster.m) + place.m, at.n * (Block.n * Cluster.n) + place.n, range(), ends};
    }

    struct sentinel {};
    struct iterator {
        const persistent& tiles;
        i32 index;
        DEEPGEMM_DEVICE tile operator*() const { return tiles.tile_number(index); }
        DEEPGEMM_DEVICE void operator++() { index += i32(ptx::cta_count()) / ctas; }
        DEEPGEMM_DEVICE bool operator!=(sentinel) const { return index < tiles.raster.count(); }
    };
    DEEPGEMM_DEVICE iterator begin() const { return {*this, i32(ptx::cta_index()) / ctas}; }
    DEEPGEMM_DEVICE sentinel end() const { return {}; }
};

static_assert(numbered_schedule<persistent<tile_shape{}, cluster_shape{}, 8>>);

}  // namespace deepgemm
