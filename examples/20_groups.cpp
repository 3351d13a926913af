// SPDX-License-Identifier: MIT
// Rung 20: groups. In a mixture of experts the rows of A follow each other expert by expert, each group of rows has a B of its
// own, and only device memory knows where groups end. The kernel is that of rung 6; all that changes is the schedule, as in
// rung 9. A schedule of one's own walks group after group. The library's walks the same tiles in an order that keeps blocks
// equally busy and what they read in L2. New here: tiles that have a matrix of B and end where their group does.
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/ops/contiguous_gemm/operation.hpp>
#include <deepgemm/schedule/grouped.cuh>

#include "common/experts.hpp"
#include "common/walk.hpp"

namespace dg = deepgemm;
namespace ptx = deepgemm::ptx;
using dg::i32;

/// Group after group, and in each all tiles of one column, then those of the next. Each block takes every cta_count-th tile.
template <dg::tile_shape Block>
struct group_after_group {
    // [says]
    static constexpr dg::stacks stacked{.b = true};  // each group has a matrix of B; A and D are one matrix each
    static constexpr bool bounded = true;            // tiles end where their group does, and D goes on
    static constexpr bool on_device = true;          // the list of groups is read from device memory
    static constexpr bool any_row = true;            // tiles start at any row
    using arguments = dg::row_groups;                // the list, how many groups, to what they are aligned
    // [says]

    dg::psum_groups groups;  ///< says which group comes after another one
    dg::problem_shape shape;

    DEEPGEMM_BOTH static constexpr group_after_group of(dg::problem_shape shape, const dg::row_groups& given) {
        return {{given}, shape};
    }
    DEEPGEMM_BOTH constexpr group_after_group started(dg::problem_shape, dg::u32 /*rank in a cluster*/) const {
        return *this;
    }
    DEEPGEMM_BOTH static constexpr i32 columns(dg::problem_shape shape) { return dg::ceil_div(shape.n, Block.n); }
    /// The host, which does not know the groups, asks how many blocks may have work: each group may add a tile that ends early.
    DEEPGEMM_BOTH static constexpr i32 clusters(dg::problem_shape shape, const dg::row_groups& given) {
        return dg::psum_groups{given}.most_row_tiles(shape, Block.m) * columns(shape);
    }
    /// How often the kernel reads A and a matrix of B.
    DEEPGEMM_BOTH static constexpr dg::operand_reads reads(dg::problem_shape shape, const dg::row_groups& given) {
        return {columns(shape), dg::ceil_div(given.usual_rows(shape), Block.m)};
    }

    // [tile]
    struct tile {
        i32 m, n;
        dg::group_extent group;
        dg::problem_shape shape;

        DEEPGEMM_BOTH constexpr dg::block_range blocks() const { return {0, dg::ceil_div(shape.k, Block.k)}; }
        DEEPGEMM_BOTH constexpr dg::operand_place a(i32 block) const { return {m, block * Block.k, 0}; }
        DEEPGEMM_BOTH constexpr dg::operand_place b(i32 block) const { return {n, block * Block.k, group.matrix}; }
        DEEPGEMM_BOTH constexpr i32 matrix() const { return 0; }
        DEEPGEMM_BOTH constexpr dg::result_end end() const { return {group.row_end, shape.n}; }
    };
    // [tile]

    struct sentinel {};
    // [walk]
    struct iterator {
        const group_after_group& tiles;
        i32 index;  ///< of a tile in the group
        dg::group_extent group;

        DEEPGEMM_DEVICE i32 rows() const { return dg::ceil_div(group.row_end - group.row, Block.m); }  // of tiles
        DEEPGEMM_DEVICE tile operator*() const {
            return {group.row + index % rows() * Block.m, index / rows() * Block.n, group, tiles.shape};
        }
        /// Passes over groups that end before `index`, and over those without rows.
        DEEPGEMM_DEVICE iterator& pass_groups() {
            while (group.index < tiles.groups.count && index >= rows() * columns(tiles.shape)) {
                index -= rows() * columns(tiles.shape);
                group = tiles.groups.after(group, tiles.shape);
            }
            return *this;
        }
        DEEPGEMM_DEVICE void operator++() {
            index += i32(ptx::cta_count());
            pass_groups();
        }
        DEEPGEMM_DEVICE bool operator!=(sentinel) const { return group.index < tiles.groups.count; }
    };
    // [walk]
    DEEPGEMM_DEVICE iterator begin() const {
        return iterator{*this, i32(ptx::cta_index()), groups.after({}, shape)}.pass_groups();
    }
    DEEPGEMM_DEVICE sentinel end() const { return {}; }
};

// [kernels]
using by_token = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using by_block = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
constexpr dg::config tiles{.block = {128, 64, 128}};
using simple_tiles = group_after_group<tiles.block>;
/// Bands of two rows of tiles, so that a small product shows them; the default is eight.
using ordered_tiles = dg::grouped<tiles.block, dg::cluster_shape{}, dg::psum_groups, 2>;
using simple = dg::gemm<dg::arch::sm90, by_token, by_block, dg::store<dg::bf16>, tiles, simple_tiles>;
using ordered = dg::gemm<dg::arch::sm90, by_token, by_block, dg::store<dg::bf16>, tiles, ordered_tiles>;
// [kernels]

int main() {
    constexpr int n = 384, k = 128, experts = 6, counts[experts] = {190, 0, 300, 70, 520, 130};
    std::vector<i32> ends, filled;  // where each group ends: as it is, and filled up to whole tiles
    for (const int count : counts) {
        ends.push_back((ends.empty() ? 0 : ends.back()) + count);
        filled.push_back((filled.empty() ? 0 : filled.back()) + dg::align_up(count, tiles.block.m));
    }
    const int rows = ends.back();
    backend::array<i32> ends_there(ends), filled_there(filled);

    // [orders]
    const dg::row_groups as_they_are{.count = experts, .list = ends_there.data(), .alignment = 1};
    const dg::row_groups whole_tiles{.count = experts, .list = filled_there.data(), .alignment = tiles.block.m};
    const auto padded = backend::tiles_of<simple_tiles>({filled.back(), n, k}, whole_tiles);
    const auto anywhere = backend::tiles_of<simple_tiles>({rows, n, k}, as_they_are);
    const auto in_order = backend::tiles_of<ordered_tiles>({rows, n, k}, as_they_are);
    // [orders]
    std::printf("%d rows in %d groups on %s; orders of tiles on four blocks:\n\n%s%s%s%s", rows, experts,
                backend::name().c_str(), backend::costs<tiles.block>("", {}, n).c_str(),
                backend::costs<tiles.block>("filled up to whole tiles", padded, n).c_str(),
                backend::costs<tiles.block>("ending anywhere", anywhere, n).c_str(),
                backend::costs<tiles.block>("the same in the library's order", in_order, n).c_str());
    std::printf("\nThe tiles of the group of %d rows, group after group and in the library's order:\n\n%s\n%s\n",
                counts[4], backend::picture<tiles.block>(anywhere, 4, ends[3], counts[4], n).c_str(),
                backend::picture<tiles.block>(in_order, 4, ends[3], counts[4], n).c_str());

    // The product, in integers, so that every bit must be right.
    dg::random_source random(dg::fresh_seed());
    backend::operand a(dg::quantised_operand<>::exact(random, rows, k, {.tile = {1, 128}}));
    backend::operand b(dg::quantised_operand<>::exact(random, experts * n, k, {.tile = {128, 128}}));
    const auto multiply = [&]<class Kernel>() {
        dg::matrix<dg::bf16> d(rows, n);
        backend::array<dg::bf16> d_there(d.size());
        // [use]
        const dg::contiguous_problem problem{.a = a.argument(),
                                             .b = backend::stack_of(b, experts),
                                             .d = argument_of(d, d_there.data()),
                                             .groups = dg::groups_by_end(ends_there.data(), 1)};
        dg::or_throw(dg::checked<dg::ops::contiguous_gemm>(problem));
        backend::launch<Kernel>(Kernel::arguments_of(dg::arguments_of(problem)));
        // [use]
        d_there.read(d);
        dg::comparison found;
        for (int e = 0; e < experts; ++e) {
            const auto group = backend::rows_from(ends[e] - counts[e], counts[e]);
            const auto expected = backend::product_of_expert(a.host.view(), b.host.view(), e, experts, group);
            found.add(dg::reference::compare_exact(d.view(), expected));
        }
        return backend::report(found);
    };
    const int failed = multiply.operator()<simple>();
    return multiply.operator()<ordered>() | failed;
}
