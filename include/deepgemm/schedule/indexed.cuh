// SPDX-License-Identifier: MIT
// The schedule of groups of rows that follow each other, by the group of each row: tiles begin where groups do, as those by the
// ends of groups. Two policies find the groups in the list. All roles, and all CTAs of a cluster, compute the same list of tiles.
#pragma once

#include <deepgemm/schedule/grouped.cuh>
#include <deepgemm/schedule/listed_groups.cuh>
#include <deepgemm/schedule/tabled_groups.cuh>

namespace deepgemm {

namespace detail {
template <bool Tall>
struct groups_by_row {
    using type = tabled_groups;
};
template <>
struct groups_by_row<false> {
    using type = listed_groups;
};
}  // namespace detail

/// The schedule of groups of rows by the group of each row. Tiles of 64 rows are for groups of few, of which there may be any
/// number: each role finds them on its way. Taller ones are for up to row_groups::most_tabled, which the CTA finds once. A
/// class, not another name of `grouped`, so that kernels print as what they can be compiled from.
template <tile_shape Block, cluster_shape Cluster, int RasterRows>
struct indexed : grouped<Block, Cluster, typename detail::groups_by_row<(Block.m > 64)>::type, RasterRows> {
    using policy = typename detail::groups_by_row<(Block.m > 64)>::type;
    using tiles = grouped<Block, Cluster, policy, RasterRows>;
    static constexpr grouping grouped_as = grouping::indexed;

    DEEPGEMM_BOTH static constexpr indexed of(problem_shape shape, const row_groups& groups) {
        return {tiles::of(shape, groups)};
    }
    DEEPGEMM_BOTH constexpr indexed started(problem_shape known, u32 rank) const {
        return {tiles::started(known, rank)};
    }
    /// Any thread: the same with the table at shared address `address`, as grouped::with_table.
    DEEPGEMM_DEVICE indexed with_table(u32 address, bool tiles_gaps = true) const requires tabled_policy<policy> {
        return {tiles::with_table(address, tiles_gaps)};
    }
};

static_assert(schedule<indexed<tile_shape{64, 128, 128}, cluster_shape{1, 2}, 8>>);
static_assert(tabled_schedule<indexed<tile_shape{}, cluster_shape{1, 2}, 8>>);

}  // namespace deepgemm
