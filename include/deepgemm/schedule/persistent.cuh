// SPDX-License-Identifier: MIT
// The static persistent schedule: each cluster of CTAs takes every `cluster_count`-th tile of the raster. All roles of a
// CTA, and all CTAs of a cluster, walk the same list, so nothing needs to be told.
#pragma once

#include <deepgemm/core/shape.cuh>
#include <deepgemm/core/traits.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/schedule/rasterize.cuh>

namespace deepgemm {

namespace scheduler_concept {
/// Walks tiles: `for (auto tile : tiles)` gives coordinates.
template <class S>
concept iterates = requires(const S& tiles) {
    { *tiles.begin() } -> same_as<tile_coord>;
    { tiles.begin() != tiles.end() } -> same_as<bool>;
    ++tiles.begin();
};
/// Tells how many K blocks a tile has.
template <class S>
concept counts_blocks = requires(const S& tiles) {
    { tiles.k_blocks() } -> same_as<i32>;
};
/// Is made on the host, for a problem: what costs time to compute and is the same for all CTAs.
template <class S>
concept prepares = requires(problem_shape shape) {
    { S::of(shape) } -> same_as<S>;
};
/// Starts in a kernel, whose parameter it is, from the problem and the CTA's rank in its cluster.
template <class S>
concept starts = requires(const S& tiles, problem_shape shape, u32 rank) {
    { tiles.started(shape, rank) } -> same_as<S>;
};
/// Tells the host how many clusters have work.
template <class S>
concept sizes_grid = requires(problem_shape shape) {
    { S::clusters(shape) } -> same_as<i32>;
};
}  // namespace scheduler_concept

/// The tiles of this CTA or cluster, in an order all its roles agree on.
template <class S>
concept tile_scheduler = scheduler_concept::iterates<S> && scheduler_concept::counts_blocks<S>;

/// A tile_scheduler that gemm can be given: the host makes it for a problem and sizes the grid; it starts in the kernel.
template <class S>
concept gemm_scheduler = tile_scheduler<S> && scheduler_concept::prepares<S> && scheduler_concept::starts<S> &&
    scheduler_concept::sizes_grid<S>;

/// The persistent schedule of tiles `Block`, clusters `Cluster` and bands of `RasterRows` tiles along M. `SplitK` CTAs in turn
/// get the same tile.
template <tile_shape Block, cluster_shape Cluster, int RasterRows, int SplitK = 1>
struct persistent {
    static constexpr i32 ctas = Cluster.size() * SplitK;  ///< of a hardware cluster

    banded_raster raster;  ///< over cluster tiles: Cluster.m x Cluster.n tiles of D
    i32 blocks;            ///< K blocks of every tile
    tile_coord place;      ///< of this CTA inside a cluster tile, in elements

    /// Tiles of clusters along each axis for a problem; host and device.
    DEEPGEMM_BOTH static constexpr banded_raster cluster_tiles(problem_shape shape) {
        constexpr int band = RasterRows >= Cluster.m ? RasterRows / Cluster.m : 1;
        return banded_raster::of(ceil_div(shape.m, Block.m * Cluster.m), ceil_div(shape.n, Block.n * Cluster.n), band);
    }

    /// Clusters that have work: one for each cluster tile.
    DEEPGEMM_BOTH static constexpr i32 clusters(problem_shape shape) { return cluster_tiles(shape).count(); }

    /// Host: the schedule of a problem. The divisions that it needs would keep a kernel waiting for half a microsecond.
    DEEPGEMM_BOTH static constexpr persistent of(problem_shape shape) { return {cluster_tiles(shape), 0, {}}; }

    /// Any thread of the kernel: the schedule of its CTA, whose rank in the cluster is `rank`.
    DEEPGEMM_BOTH constexpr persistent started(problem_shape shape, u32 rank) const {
        return {raster,
                ceil_div(shape.k, Block.k),
                {Block.m * i32(rank % u32(Cluster.m)), Block.n * i32(rank / u32(Cluster.m) % u32(Cluster.n))}};
    }

    /// K blocks of every tile.
    DEEPGEMM_BOTH constexpr i32 k_blocks() const { return blocks; }

    struct sentinel {};
    struct iterator {
        const persistent& tiles;
        i32 index;
        DEEPGEMM_DEVICE tile_coord operator*() const {
            const grid_coord at = tiles.raster.at(index);
            return {at.m * (Block.m * Cluster.m) + tiles.place.m, at.n * (Block.n * Cluster.n) + tiles.place.n};
        }
        DEEPGEMM_DEVICE void operator++() { index += i32(ptx::cta_count()) / ctas; }
        DEEPGEMM_DEVICE bool operator!=(sentinel) const { return index < tiles.raster.count(); }
    };
    DEEPGEMM_DEVICE iterator begin() const { return {*this, i32(ptx::cta_index()) / ctas}; }
    DEEPGEMM_DEVICE sentinel end() const { return {}; }
};

static_assert(gemm_scheduler<persistent<tile_shape{}, cluster_shape{}, 8>>);

}  // namespace deepgemm
