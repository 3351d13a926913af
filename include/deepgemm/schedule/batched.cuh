// SPDX-License-Identifier: MIT
// The schedule of a batch: products of one shape, all of whose tiles the host can count. So no thread walks over groups, which
// takes a microsecond where there are a hundred: a tile's number says its matrix by division, and its place there by the raster
// of one product. Where rows of all matrices lie among each other, as the heads of tokens do, a row of tiles of every matrix
// may come before the next row of any, so that what is read and written at the same time lies side by side in memory.
#pragma once

#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/schedule/groups.cuh>
#include <deepgemm/schedule/rasterize.cuh>
#include <deepgemm/schedule/schedule.cuh>

namespace deepgemm {

/// A tile of one of the products of a batch, in tiles of `Block`.
template <tile_shape Block>
struct batch_tile {
    i32 m, n;
    i32 number;           ///< of its matrix in every stack
    problem_shape shape;  ///< of the product

    DEEPGEMM_BOTH constexpr block_range blocks() const { return {0, ceil_div(shape.k, Block.k)}; }
    DEEPGEMM_BOTH constexpr operand_place a(i32 k_block) const { return {m, k_block * Block.k, number}; }
    DEEPGEMM_BOTH constexpr operand_place b(i32 k_block) const { return {n, k_block * Block.k, number}; }
    DEEPGEMM_BOTH constexpr i32 matrix() const { return number; }
    DEEPGEMM_BOTH constexpr result_end end() const { return {shape.m, shape.n}; }
};

/// True if A should leave L2 first in a batch of products of `m` rows, each a grid of `rows` x `columns` cluster tiles. Tiles of one
/// row read it at the same time, so that it need not stay; up to four were measured. Fewer than 64 rows displace too little to matter.
DEEPGEMM_BOTH constexpr bool a_leaves_first(i32 m, i64 rows, i64 columns) {
    return m >= 64 && rows == 1 && columns <= 4;
}

/// The schedule of a grouped product; grouped.cuh defines it for groups that are walked over.
template <tile_shape Block, cluster_shape Cluster, group_policy Groups, int RasterRows = 8>
struct grouped;

/// Tiles `Block` of each matrix of D, one matrix after the other or a row of tiles of each in turn, for clusters `Cluster` that
/// may lie along both M and N, in bands of `RasterRows` tiles along M. Each cluster takes every `cluster_count`-th cluster
/// tile.
template <tile_shape Block, cluster_shape Cluster, int RasterRows>
struct grouped<Block, Cluster, uniform_groups, RasterRows> {
    static constexpr grouping grouped_as = uniform_groups::grouped_as;
    static constexpr tile_shape block = Block;
    static constexpr cluster_shape cluster = Cluster;
    static constexpr stacks stacked = uniform_groups::stacked;
    static constexpr bool bounded = false, on_device = false;
    using arguments = uniform_groups;

    i32 count;              ///< cluster tiles of all matrices
    i32 slab;               ///< those of one matrix that come before another matrix's: all, or a row
    i32 whole;              ///< tiles of all matrices in slabs of that size; the last slab may have fewer
    fast_divider by_slabs;  ///< divides by a slab of every matrix
    fast_divider by_slab, by_last_slab;
    banded_raster raster;  ///< of the cluster tiles of one matrix
    problem_shape shape;   ///< of one product
    tile_coord place;      ///< of this CTA in a cluster tile, in elements

    /// Host: the schedule of a problem whose `shape` is that of one product.
    DEEPGEMM_BOTH static constexpr grouped of(problem_shape shape, const arguments& given) {
        const banded_raster one = cluster_tiles(shape, given.interleaved);
        const i32 all = one.count(), slab = max(given.interleaved ? one.n : all, 1),
                  last = all % slab == 0 ? slab : all % slab;
        return {given.count * all,
                slab,
                given.count * (all / slab) * slab,
                fast_divider::of(max(given.count, 1) * slab),
                fast_divider::of(slab),
                fast_divider::of(last),
                one,
                shape,
                {0, 0}};
    }
    /// Any thread of the kernel: the schedule of this CTA, which has rank `rank` in its cluster.
    DEEPGEMM_BOTH constexpr grouped started(problem_shape known, u32 rank) const {
        grouped mine = *this;
        mine.shape = known;
        mine.place = place_in_cluster<Block, Cluster>(rank);
        return mine;
    }
    /// Clusters that have work: one for each cluster tile.
    DEEPGEMM_BOTH static constexpr i32 clusters(problem_shape shape, const arguments& given) {
        return given.count * cluster_tiles(shape, given.interleaved).count();
    }
    /// How many of `most` clusters the grid has.
    DEEPGEMM_BOTH static constexpr i32 even_clusters(problem_shape shape, const arguments& given, i32 most) {
        return even_share(clusters(shape, given), most);
    }
    /// As in one product; but A counts as read once if the tiles of a matrix read it at the same time.
    DEEPGEMM_BOTH static constexpr operand_reads reads(problem_shape shape, const arguments&) {
        const i32 rows = ceil_div(shape.m, Block.m * Cluster.m), columns = ceil_div(shape.n, Block.n * Cluster.n);
        return {a_leaves_first(shape.m, rows, columns) ? 1 : columns, rows};
    }

    using tile = batch_tile<Block>;
    struct sentinel {};
    struct iterator {
        const grouped& tiles;
        i32 index;

        DEEPGEMM_DEVICE tile operator*() const {
            const i32 before = tiles.by_slabs.divide(index),
                      inside = index - before * i32(tiles.by_slabs.divisor);  // in a slab of each matrix
            const fast_divider& by_one = index < tiles.whole ? tiles.by_slab : tiles.by_last_slab;
            const i32 matrix = by_one.divide(inside);
            const grid_coord at = tiles.raster.at(before * tiles.slab + inside - matrix * i32(by_one.divisor));
            return {at.m * (Block.m * Cluster.m) + tiles.place.m, at.n * (Block.n * Cluster.n) + tiles.place.n, matrix,
                    tiles.shape};
        }
        DEEPGEMM_DEVICE void operator++() { index += i32(ptx::cta_count()) / Cluster.size(); }
        DEEPGEMM_DEVICE bool operator!=(sentinel) const { return index < tiles.count; }
    };
    DEEPGEMM_DEVICE iterator begin() const { return {*this, i32(ptx::cta_index()) / Cluster.size()}; }
    DEEPGEMM_DEVICE sentinel end() const { return {}; }

private:
    DEEPGEMM_BOTH static constexpr banded_raster cluster_tiles(problem_shape shape, bool interleaved) {
        constexpr int band = max(RasterRows / Cluster.m, 1);
        return banded_raster::of(ceil_div(shape.m, Block.m * Cluster.m), ceil_div(shape.n, Block.n * Cluster.n),
                                 interleaved ? 1 : band);
    }
};

}  // namespace deepgemm
