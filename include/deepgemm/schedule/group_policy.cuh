// SPDX-License-Identifier: MIT
// What a policy of groups is: it says what the groups of a grouped product are (schedule/grouped.cuh). The models are in
// groups.cuh.
#pragma once

#include <deepgemm/core/shape.cuh>
#include <deepgemm/core/traits.cuh>

namespace deepgemm {

/// A group: its matrix in every stack, its rows [row, row_end) of A and D, and its elements [k, k_end) of K. `k` is a multiple
/// of block.k unless K is cut into windows. Index -1 stands for the place before the first group.
struct group_extent {
    i32 index = -1, matrix = 0;
    i32 row = 0, row_end = 0;
    i32 k = 0, k_end = 0;
    i32 scale_k = 0;  ///< where its scales begin, in elements of K, if the policy packs them; a multiple of a word's
};

namespace group_concept {
/// Says which tensors are stacks, whether groups may end inside a tile, and whether their sizes are in device memory.
template <class G>
concept describes = requires {
    { G::stacked } -> same_as<const stacks&>;
    { G::bounded } -> same_as<const bool&>;
    { G::on_device } -> same_as<const bool&>;
};
/// Says how many groups there are, and gives the group after another one.
template <class G>
concept names_groups = requires(const G& groups, group_extent before, problem_shape shape) {
    { +groups.count } -> same_as<i32>;
    { groups.after(before, shape) } -> same_as<group_extent>;
};
/// Tells the host how many tiles of `block_m` rows all groups have together at most, and how many rows a group usually has.
template <class G>
concept counts_rows = requires(const G& groups, problem_shape shape, i32 block_m) {
    { groups.most_row_tiles(shape, block_m) } -> same_as<i32>;
    { groups.usual_rows(shape) } -> same_as<i32>;
};
}  // namespace group_concept

/// The groups of a product, one after another.
/// Satisfied by: `stacked`, `bounded` and `on_device`; `count` and `after()`; `most_row_tiles()` and `usual_rows()` for the
/// host.
template <class G>
concept group_policy = group_concept::describes<G> && group_concept::names_groups<G> && group_concept::counts_rows<G>;

/// A policy that checks what device memory says of its groups, beside the walk over them: a refinement of `group_policy`.
/// Satisfied by: a group_policy with `inspect(rows, warp, warps)`, for the rows of D and a warp of so many of each CTA; it traps
/// where a promise is broken.
template <class G>
concept inspecting_policy = group_policy<G> && requires(const G& groups, i32 rows, u32 warp) {
    groups.inspect(rows, warp, warp);
};

/// A policy that looks groups up in a table in shared memory, which all threads of a CTA fill once: a refinement of
/// `group_policy`. Rows that become zero come behind all groups.
/// Satisfied by: a group_policy with `table_bytes`, members `place` for the table's address and `tiles_gaps`, false if rows that
/// become zero are in no tile, `fill_table(rows)`, which all threads
/// of a CTA call before a barrier; and `gap_after(gap, shape)`, as `after()` for rows that become zero, and `is_gap(group)`.
template <class G>
concept tabled_policy = group_policy<G> && requires(const G& groups, group_extent one, problem_shape shape) {
    { G::table_bytes } -> same_as<const u32&>;
    { +groups.place } -> same_as<u32>;
    { groups.tiles_gaps } -> same_as<const bool&>;
    groups.fill_table(one.row);
    { groups.gap_after(one, shape) } -> same_as<group_extent>;
    { G::is_gap(one) } -> same_as<bool>;
};

namespace detail {
template <class G>
struct policy_arguments {
    using type = G;
};
template <class G>
    requires requires { typename G::arguments; }
struct policy_arguments<G> {
    using type = typename G::arguments;
};
}  // namespace detail

/// What a kernel with groups of policy `G` is launched with: what G calls `arguments`, which `G{arguments}` takes, or G itself.
template <group_policy G>
using policy_arguments = typename detail::policy_arguments<G>::type;

}  // namespace deepgemm
