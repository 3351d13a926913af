// SPDX-License-Identifier: MIT
// The dynamic schedule, by cluster launch control of Blackwell: the grid has a cluster for each tile, and a cluster that runs
// takes over the tiles of clusters that have not begun, until none is left. So it does not matter how long single tiles take,
// when a multiprocessor becomes free, or how many of them other kernels keep. Nothing has to be counted in memory, and no
// result depends on who computes a tile.
#pragma once

#include <deepgemm/pipeline/claim_ring.cuh>
#include <deepgemm/schedule/persistent.cuh>

namespace deepgemm {

/// The tiles of `Tiles`, each the own one of a cluster or one that it takes over. A cluster asks for its next tile when its
/// producer of A begins with one: late enough that others get their share, and early enough that the answer comes under the
/// loads of a tile. That producer may be `Slots` - 1 tiles before the role that is last.
template <numbered_schedule Tiles, int Slots = 4>
struct claimed {
    static constexpr grouping grouped_as = grouping_of<Tiles>();
    static constexpr tile_shape block = Tiles::block;
    static constexpr cluster_shape cluster = Tiles::cluster;
    static constexpr stacks stacked = Tiles::stacked;
    static constexpr bool bounded = Tiles::bounded, on_device = Tiles::on_device;
    static constexpr i32 ctas = Tiles::ctas;
    using arguments = typename Tiles::arguments;
    using ring = claim_ring<Slots, ctas>;

    Tiles tiles;
    ring answers{};
    tile_reader reader = tile_reader::thread;

    /// Host: as those of `Tiles`. A cluster is launched for each of its clusters that have work.
    DEEPGEMM_BOTH static constexpr claimed of(problem_shape shape, const arguments& given) {
        return {Tiles::of(shape, given)};
    }
    DEEPGEMM_BOTH static constexpr i32 clusters(problem_shape shape, const arguments& given) {
        return Tiles::clusters(shape, given);
    }
    DEEPGEMM_BOTH static constexpr operand_reads reads(problem_shape shape, const arguments& given) {
        return Tiles::reads(shape, given);
    }
    /// Any thread of the kernel: as Tiles::started; it walks by through().
    DEEPGEMM_BOTH constexpr claimed started(problem_shape shape, u32 rank) const {
        return {tiles.started(shape, rank)};
    }
    /// The same tiles, walked by a role that reads as `who` says, through the initialised ring at shared address `address`.
    DEEPGEMM_BOTH constexpr claimed through(u32 address, tile_reader who) const { return {tiles, {address}, who}; }

    struct sentinel {};
    struct iterator {
        const claimed& work;
        i32 number;                ///< of the tile; -1 after the last one
        typename ring::cursor at;  ///< the answer that says the next one

        DEEPGEMM_DEVICE tile_of<Tiles> operator*() const { return work.tiles.tile_number(number); }
        DEEPGEMM_DEVICE void operator++() {
            number = work.answers.read(at, work.reader == tile_reader::warp);
            at.advance();
            if (number >= 0) work.ask(at);
        }
        DEEPGEMM_DEVICE bool operator!=(sentinel) const { return number >= 0; }
    };
    DEEPGEMM_DEVICE iterator begin() const {
        ask({});
        return {*this, i32(ptx::cta_index()) / ctas, {}};
    }
    DEEPGEMM_DEVICE sentinel end() const { return {}; }

private:
    DEEPGEMM_DEVICE void ask(typename ring::cursor at) const {
        if (reader == tile_reader::asker) answers.ask(at);
    }
};

static_assert(claiming_schedule<claimed<persistent<tile_shape{}, cluster_shape{2, 1}, 8>>>);
static_assert(!claiming_schedule<persistent<tile_shape{}, cluster_shape{}, 8>>);

}  // namespace deepgemm
