// SPDX-License-Identifier: MIT
// The schedule of a batch: products of one shape, all of whose tiles the host can count. So no thread walks over groups, which
// takes a microsecond where there are a hundred: a tile's number says its matrix by one division, and its place there by the
// raster of one product.
#pragma once

#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/schedule/groups.cuh>
#include <deepgemm/schedule/rasterize.cuh>

namespace deepgemm {

/// The schedule of a grouped product; grouped.cuh defines it for groups that are walked over.
template <tile_shape Block, cluster_shape Cluster, group_policy Groups, int RasterRows = 8>
struct grouped;

/// Tiles `Block` of each matrix of D, one matrix after the other, for clusters `Cluster` that may lie along both M and N, in bands
/// of `RasterRows` tiles along M. Each cluster takes every `cluster_count`-th cluster tile.
template <tile_shape Block, cluster_shape Cluster, int RasterRows>
struct grouped<Block, Cluster, uniform_groups, RasterRows> {
    static constexpr grouping grouped_as = uniform_groups::grouped_as;
    static constexpr tile_shape block = Block;
    static constexpr cluster_shape cluster = Cluster;
    static constexpr stacks stacked = uniform_groups::stacked;
    static constexpr bool bounded = false, on_device = false;
    using arguments = uniform_groups;

    i32 count;               ///< cluster tiles of all matrices
    fast_divider by_matrix;  ///< divides by the cluster tiles of one
    banded_raster raster;    ///< of these
    problem_shape shape;     ///< of one product
    tile_coord place;        ///< of this CTA in a cluster tile, in elements

    /// Host: the schedule of a problem whose `shape` is that of one product.
    DEEPGEMM_BOTH static constexpr grouped of(problem_shape shape, const arguments& given) {
        const banded_raster one = cluster_tiles(shape);
        return {given.count * one.count(), fast_divider::of(max(one.count(), 1)), one, shape, {0, 0}};
    }
    /// Any thread of the kernel: the schedule of this CTA, which has rank `rank` in its cluster.
    DEEPGEMM_BOTH constexpr grouped started(problem_shape known, u32 rank) const {
        return {count,
                by_matrix,
                raster,
                known,
                {Block.m * i32(rank % u32(Cluster.m)), Block.n * i32(rank / u32(Cluster.m) % u32(Cluster.n))}};
    }
    /// Clusters that have work: one for each cluster tile.
    DEEPGEMM_BOTH static constexpr i32 clusters(problem_shape shape, const arguments& given) {
        return given.count * cluster_tiles(shape).count();
    }
    /// As in one product.
    DEEPGEMM_BOTH static constexpr operand_reads reads(problem_shape shape, const arguments&) {
        return {ceil_div(shape.n, Block.n * Cluster.n), ceil_div(shape.m, Block.m * Cluster.m)};
    }

    struct tile {
        i32 m, n;
        i32 number;  ///< of its matrix in every stack
        problem_shape shape;

        DEEPGEMM_BOTH constexpr block_range blocks() const { return {0, ceil_div(shape.k, Block.k)}; }
        DEEPGEMM_BOTH constexpr operand_place a(i32 k_block) const { return {m, k_block * Block.k, number}; }
        DEEPGEMM_BOTH constexpr operand_place b(i32 k_block) const { return {n, k_block * Block.k, number}; }
        DEEPGEMM_BOTH constexpr i32 matrix() const { return number; }
        DEEPGEMM_BOTH constexpr result_end end() const { return {shape.m, shape.n}; }
    };

    struct sentinel {};
    struct iterator {
        const grouped& tiles;
        i32 index;

        DEEPGEMM_DEVICE tile operator*() const {
            const i32 matrix = tiles.by_matrix.divide(index);
            const grid_coord at = tiles.raster.at(index - matrix * i32(tiles.by_matrix.divisor));
            return {at.m * (Block.m * Cluster.m) + tiles.place.m, at.n * (Block.n * Cluster.n) + tiles.place.n, matrix,
                    tiles.shape};
        }
        DEEPGEMM_DEVICE void operator++() { index += i32(ptx::cta_count()) / Cluster.size(); }
        DEEPGEMM_DEVICE bool operator!=(sentinel) const { return index < tiles.count; }
    };
    DEEPGEMM_DEVICE iterator begin() const { return {*this, i32(ptx::cta_index()) / Cluster.size()}; }
    DEEPGEMM_DEVICE sentinel end() const { return {}; }

private:
    DEEPGEMM_BOTH static constexpr banded_raster cluster_tiles(problem_shape shape) {
        constexpr int band = max(RasterRows / Cluster.m, 1);
        return banded_raster::of(ceil_div(shape.m, Block.m * Cluster.m), ceil_div(shape.n, Block.n * Cluster.n), band);
    }
};

}  // namespace deepgemm
