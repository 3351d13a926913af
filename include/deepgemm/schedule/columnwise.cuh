// SPDX-License-Identifier: MIT
// The schedule of a batch whose matrices of B stay in shared memory: a cluster goes down a column of tiles of one matrix, so that
// tiles which follow each other have the same rows of B. Clusters that run side by side have neighbouring columns at the same
// rows, so where rows of all matrices lie among each other, as heads of tokens do, they read and write neighbouring memory.
#pragma once

#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/schedule/batched.cuh>
#include <deepgemm/schedule/groups.cuh>
#include <deepgemm/schedule/schedule.cuh>

namespace deepgemm {

/// How many of `most` clusters a grid should have, if each goes down columns of `rows` cluster tiles and all matrices of a batch have
/// `columns` such columns: as few as it takes for none to have more of them. The others would have less to do and disturb these.
DEEPGEMM_BOTH constexpr i32 clusters_of_columns(i32 columns, i32 rows, i32 most) {
    if (columns <= 0 || rows <= 0 || most <= 0) return 0;
    if (most < columns) return ceil_div(columns, ceil_div(columns, most));
    return columns * ceil_div(rows, ceil_div(rows, min(most / columns, rows)));
}

/// Tiles `Block` of each matrix of D, for clusters `Cluster` that may lie along both M and N. Columns of cluster tiles are
/// counted over all matrices. If there are more than clusters, each cluster takes every `cluster_count`-th column, all rows of
/// it; if there are fewer, clusters share a column, and each takes every so many-th row.
template <tile_shape Block, cluster_shape Cluster>
struct columnwise {
    static constexpr grouping grouped_as = uniform_groups::grouped_as;
    static constexpr tile_shape block = Block;
    static constexpr cluster_shape cluster = Cluster;
    static constexpr stacks stacked = uniform_groups::stacked;
    static constexpr bool bounded = false, on_device = false, keeps_b = true;
    using arguments = uniform_groups;

    i32 rows, columns;                   ///< of cluster tiles: of one matrix, and of all matrices
    fast_divider by_columns, by_matrix;  ///< divide by all columns, and by those of one matrix
    problem_shape shape;                 ///< of one product
    tile_coord place;                    ///< of this CTA in a cluster tile, in elements

    /// Host: the schedule of a problem whose `shape` is that of one product.
    DEEPGEMM_BOTH static constexpr columnwise of(problem_shape shape, const arguments& given) {
        const i32 one = columns_of(shape), all = one * given.count;
        return {rows_of(shape), all, fast_divider::of(max(all, 1)), fast_divider::of(max(one, 1)), shape, {0, 0}};
    }
    /// Any thread of the kernel: the schedule of this CTA, which has rank `rank` in its cluster.
    DEEPGEMM_BOTH constexpr columnwise started(problem_shape known, u32 rank) const {
        columnwise mine = *this;
        mine.shape = known;
        mine.place = place_in_cluster<Block, Cluster>(rank);
        return mine;
    }
    /// Clusters that can have work: one for each cluster tile.
    DEEPGEMM_BOTH static constexpr i32 clusters(problem_shape shape, const arguments& given) {
        return given.count * columns_of(shape) * rows_of(shape);
    }
    /// How many of `most` clusters get tiles.
    DEEPGEMM_BOTH static constexpr i32 even_clusters(problem_shape shape, const arguments& given, i32 most) {
        return clusters_of_columns(given.count * columns_of(shape), rows_of(shape), most);
    }
    /// Each column of a matrix reads A once. But if there is one column, and A has 100 million elements or more, L2 fetches 128 bytes
    /// at once and keeps A as long as other data, as if it were read twice. This was measured to be 6 to 7 % faster, for a reason that
    /// is not known; of a smaller A, what it displaces costs more (docs/tuning-log.md, "Heads whose weights stay").
    DEEPGEMM_BOTH static constexpr operand_reads reads(problem_shape shape, const arguments& given) {
        const i32 columns = columns_of(shape), rows = rows_of(shape);
        if (columns == 1 && i64(given.count) * shape.m * shape.k > i64(100) << 20) return {2, rows, 128};
        return {columns, rows};
    }

    using tile = batch_tile<Block>;
    struct sentinel {};
    struct iterator {
        const columnwise& tiles;
        i32 column, row;  ///< of a cluster tile

        DEEPGEMM_DEVICE tile operator*() const {
            const i32 matrix = tiles.by_matrix.divide(column), inside = column - matrix * i32(tiles.by_matrix.divisor);
            return {row * (Block.m * Cluster.m) + tiles.place.m, inside * (Block.n * Cluster.n) + tiles.place.n, matrix,
                    tiles.shape};
        }
        DEEPGEMM_DEVICE void operator++() {
            row += tiles.sharing();
            if (row < tiles.rows) return;
            row = 0;
            column += cluster_count();
        }
        DEEPGEMM_DEVICE bool operator!=(sentinel) const { return column < tiles.columns; }
    };
    DEEPGEMM_DEVICE iterator begin() const {
        const i32 mine = i32(ptx::cta_index()) / Cluster.size(), row = by_columns.divide(mine);
        // Clusters that are too many to share columns evenly have none.
        return {*this, row < min(sharing(), rows) ? mine - row * columns : columns, row};
    }
    DEEPGEMM_DEVICE sentinel end() const { return {}; }

private:
    DEEPGEMM_BOTH static constexpr i32 rows_of(problem_shape shape) { return ceil_div(shape.m, Block.m * Cluster.m); }
    DEEPGEMM_BOTH static constexpr i32 columns_of(problem_shape shape) {
        return ceil_div(shape.n, Block.n * Cluster.n);
    }
    DEEPGEMM_DEVICE static i32 cluster_count() { return i32(ptx::cta_count()) / Cluster.size(); }
    /// Clusters that share a column.
    DEEPGEMM_DEVICE i32 sharing() const { return max(by_columns.divide(cluster_count()), 1); }
};

static_assert(schedule<columnwise<tile_shape{}, cluster_shape{1, 2}>>);

}  // namespace deepgemm
