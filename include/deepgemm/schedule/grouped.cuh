// SPDX-License-Identifier: MIT
// The schedule of a grouped product: all tiles of one group, then those of the next. A policy says what a group is
// (schedule/groups.cuh). All roles, and all CTAs of a cluster, compute the same list, so nothing is passed between them.
//
// Each cluster takes as many tiles as any other, so tiles should take equally long. Where groups end anywhere and a tile has
// several multiplies along M, three rules see to that. The tiles of a column share its rows as evenly as multiplies allow, so
// that none is left with a few. Groups that fill their tiles come first, so that shorter tiles are left for the end. From one
// round of the clusters to the next, columns are walked down and up in turn, so that no cluster meets the shorter tile every
// time. docs/tuning-log.md has the figures. Groups of one shape need no walk: batched.cuh. Rows that become zero come last if
// the policy says so, since their tiles take hardly any time.
#pragma once

#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/schedule/batched.cuh>
#include <deepgemm/schedule/groups.cuh>

namespace deepgemm {

/// Tiles `Block` of each group of `Groups`, in bands of `RasterRows` tiles along M, in a band along one column of tiles and
/// then along the next. The CTAs of a cluster lie along N, and each cluster takes every `cluster_count`-th cluster tile. A
/// group has as few rows of tiles as can be; if it does not fill them, any of them may end before Block.m rows.
template <tile_shape Block, cluster_shape Cluster, group_policy Groups, int RasterRows>
struct grouped {
    static_assert(Cluster.m == 1, "grouped: CTAs of a cluster must lie along N, since rows end where a group does");
    static constexpr grouping grouped_as = grouping_of<Groups>();
    static constexpr tile_shape block = Block;
    static constexpr cluster_shape cluster = Cluster;
    static constexpr stacks stacked = Groups::stacked;
    static constexpr bool bounded = Groups::bounded, on_device = Groups::on_device;
    static constexpr bool any_row = starts_at_any_row<Groups>(), windows = takes_windows<Groups>();
    static constexpr int map_tables = maps_of_operand<Groups>(), packed_scales = word_of_packed_scales<Groups>();
    using arguments = policy_arguments<Groups>;

    Groups groups;
    problem_shape shape;
    i32 columns;                 ///< cluster tiles along N
    fast_divider by_band_tiles;  ///< divides by the cluster tiles of a whole band
    i32 first_column;            ///< of this CTA in a cluster tile, in elements

    /// Host: the schedule of a problem. `shape.m` is the number of rows of D, or of one of its matrices. It divides here what
    /// does not depend on groups; math warps would divide between two tiles, while nothing is multiplied.
    DEEPGEMM_BOTH static constexpr grouped of(problem_shape shape, const arguments& given) {
        Groups groups{given};
        if constexpr (requires { groups.settle(shape); }) groups.settle(shape);
        const i32 columns = column_tiles(shape);
        return {groups, shape, columns, fast_divider::of(max(RasterRows * columns, 1)), 0};
    }
    /// Any thread of the kernel: the schedule of this CTA, which has rank `rank` in its cluster.
    DEEPGEMM_BOTH constexpr grouped started(problem_shape known, u32 rank) const {
        return {groups, known, columns, by_band_tiles, Block.n * i32(rank)};
    }
    /// Clusters that may have work. The host does not know the sizes of the groups, so this is an upper bound.
    DEEPGEMM_BOTH static constexpr i32 clusters(problem_shape shape, const arguments& given) {
        return Groups{given}.most_row_tiles(shape, Block.m) * column_tiles(shape);
    }
    /// How many of `most` clusters the grid has: fewer only for slots whose usual groups have one tall tile in each column, also
    /// if they have three rows for every ten more, so that the host knows about how many tiles there are.
    DEEPGEMM_BOTH static constexpr i32 even_clusters(problem_shape shape, const arguments& given, i32 most) {
        if constexpr (shares_rows && stacked.a) {
            const i64 rows = min(ceil_div(i64(13) * Groups{given}.usual_rows(shape), i64(10)), i64(shape.m));
            if (rows <= Block.m) return even_share(given.count * column_tiles(shape), most);
        }
        return most;
    }
    /// Every cluster tile along N reads A once; every tile of a group's rows reads the group's matrix of B once.
    DEEPGEMM_BOTH static constexpr operand_reads reads(problem_shape shape, const arguments& given) {
        return {column_tiles(shape), ceil_div(Groups{given}.usual_rows(shape), Block.m)};
    }

    struct tile {
        i32 m, n;
        group_extent group;
        i32 columns;        ///< of D
        bool alone = true;  ///< no other tile has rows of the group

        /// Blocks are counted as scales are: from the start of K or, of packed scales, of the first group's words.
        DEEPGEMM_BOTH constexpr block_range blocks() const {
            return {(packed_scales != 0 ? group.scale_k : group.k) / Block.k, ceil_div(group.k_end - group.k, Block.k)};
        }
        DEEPGEMM_BOTH constexpr operand_place a(i32 k_block) const {
            if constexpr (windows) {
                return window(m, k_block);
            } else if constexpr (map_tables > 1) {
                return {m, inside(k_block), group.index};
            } else {
                return {m, k_block * Block.k, stacked.a ? group.matrix : 0};
            }
        }
        DEEPGEMM_BOTH constexpr operand_place b(i32 k_block) const {
            if constexpr (windows) {
                return window(n, k_block);
            } else if constexpr (map_tables > 1) {
                return {n, inside(k_block), group.index};
            } else {
                return {n, k_block * Block.k, stacked.b ? group.matrix : 0};
            }
        }
        DEEPGEMM_BOTH constexpr i32 matrix() const { return stacked.d ? group.matrix : 0; }
        DEEPGEMM_BOTH constexpr result_end end() const { return {group.row_end, columns}; }
        /// True if tiles of other rows of the group read the same of B.
        DEEPGEMM_BOTH constexpr bool shares_b() const requires(bounded&& on_device) { return !alone; }
        /// Rows that become zero: those that the policy says, or a group without K, as those of psum_groups. Where there is no
        /// K at all the latter are as those of groups.
        DEEPGEMM_BOTH constexpr bool gap(problem_shape whole) const requires(any_row) {
            if constexpr (requires { Groups::is_gap(group); }) {
                return Groups::is_gap(group);
            } else {
                return whole.k != 0 && group.k_end == group.k;
            }
        }

    private:
        /// Elements of K of the group before a K block.
        DEEPGEMM_BOTH constexpr i32 inside(i32 k_block) const {
            return k_block * Block.k - (packed_scales != 0 ? group.scale_k : group.k);
        }
        /// A K block, if the group ends in it in the window of block.k elements that starts with it. The copy then starts so
        /// far before the window that it ends where the group does: the zeros come first, in A and in B alike.
        DEEPGEMM_BOTH constexpr operand_place window(i32 row, i32 k_block) const {
            const i32 first = packed_scales != 0 ? group.k + inside(k_block) : group.k % Block.k + k_block * Block.k;
            const i32 left = group.k_end - first;
            return left < Block.k ? operand_place{row, left - Block.k, first} : operand_place{row, first, 0};
        }
    };

    struct sentinel {};
    struct iterator {
        const grouped& tiles;
        i32 index;  ///< of a cluster tile in the group
        group_extent group;
        /// Two facts in one register, since math warps have few: the tiles that this cluster has had, times `walks`, and the
        /// number of the walk: 1 is over groups that do not fill their tiles, 2 over rows that become zero.
        u32 state = !shares_rows;

        DEEPGEMM_DEVICE tile operator*() const {
            const i32 rows = row_tiles(), first = tiles.by_band_tiles.divide(index) * RasterRows,
                      inside = index - first * tiles.columns, high = min(RasterRows, rows - first);
            const i32 column = high == RasterRows ? inside / RasterRows
                               : high == 1        ? inside
                                                  : i32(u32(inside) / u32(high));
            const i32 row = inside - column * high;
            const group_extent part = part_of_group(first + (walks_up(row, high) ? high - 1 - row : row), rows);
            return {part.row, column * (Block.n * Cluster.n) + tiles.first_column, part, tiles.shape.n, rows == 1};
        }
        DEEPGEMM_DEVICE void operator++() {
            index += cluster_count();
            state += walks;
            pass_groups();
        }
        DEEPGEMM_DEVICE bool operator!=(sentinel) const { return group.index < tiles.groups.count; }

        /// Passes over groups of the other walk, and over those that end before `index`.
        DEEPGEMM_DEVICE void pass_groups() {
            while (true) {
                for (; group.index < tiles.groups.count; group = next_of(group)) {
                    const i32 count = comes_now() ? row_tiles() * tiles.columns : 0;
                    if (index < count) return;
                    index -= count;
                }
                if (is_last_walk()) return;
                ++state;
                group = next_of(group_extent{});
            }
        }

    private:
        DEEPGEMM_DEVICE static i32 cluster_count() { return i32(ptx::cta_count() / u32(Cluster.size())); }
        DEEPGEMM_DEVICE i32 row_tiles() const { return ceil_div(group.row_end - group.row, Block.m); }

        DEEPGEMM_DEVICE bool is_last_walk() const {
            if constexpr (gaps_last) {
                return state % walks == (tiles.groups.tiles_gaps ? 2 : 1);
            } else {
                return state % walks == 1;
            }
        }
        /// True in the walk over rows that become zero.
        DEEPGEMM_DEVICE bool walks_gaps() const {
            if constexpr (gaps_last) {
                return state % walks == 2;
            } else {
                return false;
            }
        }
        /// The group, or the rows that become zero, after `before` in this walk.
        DEEPGEMM_DEVICE group_extent next_of(const group_extent& before) const {
            if constexpr (gaps_last) {
                if (walks_gaps()) return tiles.groups.gap_after(before, tiles.shape);
            }
            return tiles.groups.after(before, tiles.shape);
        }
        /// True if the group belongs to this walk.
        DEEPGEMM_DEVICE bool comes_now() const {
            return (gaps_last && walks_gaps()) || fills_tiles() != (state % walks != 0);
        }
        /// False also for a schedule that walks groups once.
        DEEPGEMM_DEVICE bool fills_tiles() const {
            return shares_rows && ceil_div(group.row_end - group.row, step) % max(Block.m / step, 1) == 0;
        }
        /// The rows of tile `index` of the `rows` tiles in a column.
        DEEPGEMM_DEVICE group_extent part_of_group(i32 index, i32 rows) const {
            group_extent part = group;
            if constexpr (shares_rows) {
                const i32 steps = ceil_div(group.row_end - group.row, step);
                i32 each = 0;  // steps / rows, which is at most Block.m / step
                DEEPGEMM_UNROLL
                for (i32 most = 1; most <= Block.m / step; ++most) each += most * rows <= steps ? 1 : 0;
                const i32 longer = steps - each * rows;  // tiles that have one step more than the others
                part.row += (each * index + min(index, longer)) * step;
                part.row_end = min(part.row + (index < longer ? each + 1 : each) * step, group.row_end);
            } else {
                part.row += index * Block.m;
            }
            return part;
        }
        /// True if the column of a band that has this tile as its tile number `row` of `high` began in an odd round of the
        /// clusters.
        DEEPGEMM_DEVICE bool walks_up(i32 row, i32 high) const {
            if (!shares_rows || high > cluster_count()) return false;
            return (state / walks % 2 != 0) != (row > i32(ptx::cta_index() / u32(Cluster.size())));
        }
    };
    DEEPGEMM_DEVICE iterator begin() const {
        iterator at{*this, i32(ptx::cta_index() / u32(Cluster.size())), groups.after(group_extent{}, shape)};
        at.pass_groups();
        return at;
    }
    DEEPGEMM_DEVICE sentinel end() const { return {}; }

    /// Bytes of shared memory of a policy's table of groups, and the schedule of a role that has it at address `address`;
    /// `tiles_gaps` is false if rows that become zero are in no tile.
    DEEPGEMM_BOTH static constexpr u32 table_bytes() requires tabled_policy<Groups> { return Groups::table_bytes; }
    DEEPGEMM_DEVICE grouped with_table(u32 address, bool tiles_gaps = true) const requires tabled_policy<Groups> {
        grouped made = *this;
        made.groups.place = address;
        made.groups.tiles_gaps = tiles_gaps;
        return made;
    }
    /// All threads of a CTA, before a barrier of them: fills the table.
    DEEPGEMM_DEVICE void fill_table() const requires tabled_policy<Groups> { groups.fill_table(shape.m); }

    /// Warp `warp` of `warps` of the grid, once the table is filled: calls body(row) for its share of the rows that become zero.
    template <class Body>
    DEEPGEMM_DEVICE void share_gaps(u32 warp, u32 warps, const Body& body) const requires tabled_policy<Groups> {
        group_extent gap = groups.gap_after(group_extent{}, shape);
        for (; groups.count > gap.index; gap = groups.gap_after(gap, shape)) {
            const u32 first = u32(gap.row) + (warp + warps - u32(gap.row) % warps) % warps;
            for (u32 row = first; row < u32(gap.row_end); row += warps) body(i32(row));
        }
    }

    /// Converged warp `warp` of `warps` idle warps of each CTA: what the policy inspects.
    DEEPGEMM_DEVICE void inspect(u32 warp, u32 warps) const requires inspecting_policy<Groups> {
        groups.inspect(shape.m, warp, warps);
    }

private:
    /// Rows of a multiply: fewer take as long. Tiles of other sizes are for exchanged operands, whose rows are columns: they
    /// wait for memory, so a tile with fewer rows takes about as long, and a second walk would only cost time.
    static constexpr i32 step = 64;
    static constexpr bool shares_rows = bounded && (Block.m > step) && (Block.m % step == 0);

    /// True if rows that become zero come in a walk of their own. Walks are counted below `walks`, a power of two.
    static constexpr bool gaps_last = tabled_policy<Groups>;
    static constexpr u32 walks = gaps_last ? 4 : 2;

    DEEPGEMM_BOTH static constexpr i32 column_tiles(problem_shape shape) {
        return ceil_div(shape.n, Block.n * Cluster.n);
    }
};

static_assert(schedule<grouped<tile_shape{}, cluster_shape{1, 2}, masked_groups>>);
static_assert(schedule<grouped<tile_shape{}, cluster_shape{2, 1}, uniform_groups>>);

}  // namespace deepgemm
