// SPDX-License-Identifier: MIT
// The schedule of a grouped product: all tiles of one group, then those of the next. A policy says what a group is
// (schedule/groups.cuh). All roles, and all CTAs of a cluster, compute the same list, so nothing is passed between them.
#pragma once

#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/schedule/groups.cuh>

namespace deepgemm {

/// Tiles `Block` of each group of `Groups`, down one column of tiles and then down the next. The CTAs of a cluster lie along N,
/// and each cluster takes every `cluster_count`-th cluster tile.
template <tile_shape Block, cluster_shape Cluster, group_policy Groups>
struct grouped {
    static_assert(Cluster.m == 1, "grouped: CTAs of a cluster must lie along N, since rows end where a group does");
    static constexpr grouping grouped_as = grouping_of<Groups>();
    static constexpr tile_shape block = Block;
    static constexpr cluster_shape cluster = Cluster;
    static constexpr stacks stacked = Groups::stacked;
    static constexpr bool bounded = Groups::bounded, on_device = Groups::on_device;
    using arguments = Groups;

    Groups groups;
    problem_shape shape;
    i32 columns;       ///< cluster tiles along N
    i32 first_column;  ///< of this CTA in a cluster tile, in elements

    /// Host: the schedule of a problem. `shape.m` is the number of rows of D, or of one of its matrices.
    DEEPGEMM_BOTH static constexpr grouped of(problem_shape shape, const Groups& groups) {
        return {groups, shape, column_tiles(shape), 0};
    }
    /// Any thread of the kernel: the schedule of this CTA, which has rank `rank` in its cluster.
    DEEPGEMM_BOTH constexpr grouped started(problem_shape known, u32 rank) const {
        return {groups, known, columns, Block.n * i32(rank)};
    }
    /// Clusters that may have work. The host does not know the sizes of the groups, so this is an upper bound.
    DEEPGEMM_BOTH static constexpr i32 clusters(problem_shape shape, const Groups& groups) {
        return groups.most_row_tiles(shape, Block.m) * column_tiles(shape);
    }
    /// Every cluster tile along N reads A once; every tile of a group's rows reads the group's matrix of B once.
    DEEPGEMM_BOTH static constexpr operand_reads reads(problem_shape shape, const Groups& groups) {
        return {column_tiles(shape), ceil_div(groups.usual_rows(shape), Block.m)};
    }

    struct tile {
        i32 m, n;
        group_extent group;
        i32 columns;  ///< of D

        /// Blocks are counted from the start of K, as scales are.
        DEEPGEMM_BOTH constexpr block_range blocks() const {
            return {group.k / Block.k, ceil_div(group.k_end - group.k, Block.k)};
        }
        DEEPGEMM_BOTH constexpr operand_place a(i32 k_block) const {
            return {m, k_block * Block.k, stacked.a ? group.matrix : 0};
        }
        DEEPGEMM_BOTH constexpr operand_place b(i32 k_block) const {
            return {n, k_block * Block.k, stacked.b ? group.matrix : 0};
        }
        DEEPGEMM_BOTH constexpr i32 matrix() const { return stacked.d ? group.matrix : 0; }
        DEEPGEMM_BOTH constexpr result_end end() const { return {group.row_end, columns}; }
    };

    struct sentinel {};
    struct iterator {
        const grouped& tiles;
        i32 index;  ///< of a cluster tile in the group
        group_extent group;

        DEEPGEMM_DEVICE tile operator*() const {
            const i32 rows = row_tiles(), column = index / rows, row = index - column * rows;
            return {group.row + row * Block.m, column * (Block.n * Cluster.n) + tiles.first_column, group,
                    tiles.shape.n};
        }
        DEEPGEMM_DEVICE void operator++() {
            index += i32(ptx::cta_count()) / Cluster.size();
            pass_groups();
        }
        DEEPGEMM_DEVICE bool operator!=(sentinel) const { return group.index < tiles.groups.count; }

        /// Passes over groups that end before `index`.
        DEEPGEMM_DEVICE void pass_groups() {
            while (group.index < tiles.groups.count && index >= row_tiles() * tiles.columns) {
                index -= row_tiles() * tiles.columns;
                group = tiles.groups.after(group, tiles.shape);
            }
        }

    private:
        DEEPGEMM_DEVICE i32 row_tiles() const { return ceil_div(group.row_end - group.row, Block.m); }
    };
    DEEPGEMM_DEVICE iterator begin() const {
        iterator at{*this, i32(ptx::cta_index()) / Cluster.size(), groups.after(group_extent{}, shape)};
        at.pass_groups();
        return at;
    }
    DEEPGEMM_DEVICE sentinel end() const { return {}; }

private:
    DEEPGEMM_BOTH static constexpr i32 column_tiles(problem_shape shape) {
        return ceil_div(shape.n, Block.n * Cluster.n);
    }
};

static_assert(schedule<grouped<tile_shape{}, cluster_shape{1, 2}, masked_groups>>);

}  // namespace deepgemm
