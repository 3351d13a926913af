// SPDX-License-Identifier: MIT
// What the roles of a GEMM have in common on every architecture: the tiles of a CTA, and the two producers that feed TMA with
// them.
#pragma once

#include <deepgemm/kernel/gemm_host.cuh>
#include <deepgemm/ptx/grid_dependency.cuh>

namespace deepgemm {

/// The device side of `Host`, a gemm_host with configuration `Config`: a base class.
template <class Host, config Config>
struct gemm_loads : Host {
    using params = typename Host::params;
    using tiles = typename Host::tiles;
    using work_item = tile_of<tiles>;
    using a_stream = typename Host::a_stream;
    using b_stream = typename Host::b_stream;
    using results = typename Host::results;
    static constexpr tile_shape block = Config.block;

protected:
    DEEPGEMM_DEVICE static problem_shape shape_of(const params& p) {
        return {extent<Config.extents.m>(p.shape.m), extent<Config.extents.n>(p.shape.n),
                extent<Config.extents.k>(p.shape.k)};
    }
    /// The tiles of a CTA. Each role computes this itself. It reads kernel parameters, whose first access costs about half a
    /// microsecond, so do everything that needs none before it.
    DEEPGEMM_DEVICE static tiles work_of(const params& p, u32 rank) { return p.tiles.started(shape_of(p), rank); }
    /// The same, also if tiles are in a table.
    template <class Storage>
    DEEPGEMM_DEVICE static tiles work_of(const params& p, const Storage& smem, u32 rank) {
        if constexpr (tabled_schedule<tiles>) {
            return work_of(p, rank).with_table(smem.at(regions::table{}), Host::tiles_gaps);
        } else {
            return work_of(p, rank);
        }
    }
    /// The same for a role that walks as `who` says, also if tiles are claimed.
    template <class Storage>
    DEEPGEMM_DEVICE static tiles work_of(const params& p, const Storage& smem, u32 rank, tile_reader who) {
        if constexpr (claiming_schedule<tiles>) {
            return work_of(p, rank).through(smem.at(regions::claims{}), who);
        } else {
            return work_of(p, smem, rank);
        }
    }

    /// Rows of a tile, or more if the schedule does not say where they end.
    DEEPGEMM_DEVICE static i32 rows_of(const work_item& tile) {
        if constexpr (tiles::bounded) {
            return min(tile.end().m - tile.m, i32(block.m));
        } else {
            return block.m;
        }
    }

    /// How long L2 should keep what a tile reads of B. The host knows how many rows a group usually has; a tile may know whether
    /// others of its group read the same.
    DEEPGEMM_DEVICE static auto hint_of_b(const work_item& tile) {
        if constexpr (requires { tile.shares_b(); }) {
            using ptx::cache_hint;
            return typename b_stream::tile_hint{tile.shares_b() ? cache_hint::evict_normal : cache_hint::evict_first};
        } else {
            return typename b_stream::usual_hint{};
        }
    }

    /// One thread: prefetches the tensor maps while another one initialises the barriers.
    DEEPGEMM_DEVICE static void prefetch(const params& p) {
        a_stream::prefetch(p.a);
        b_stream::prefetch(p.b);
        results::prefetch(p.d);
    }

    /// Producer thread: loads the CTA's slice of A, and the tiles' scales if TMA loads them.
    template <class Storage, class Pipeline>
    DEEPGEMM_DEVICE static void load_a(const params& p, const Storage& smem, const Pipeline& pipe, u32 rank,
                                       tile_slice mine) {
        a_stream::produce(
            p.a, pipe, work_of(p, smem, rank, tile_reader::asker), mine,
            [](const work_item& tile, i32 block) { return tile.a(block); },  // (block.m, block.k)
            [&](u32 stage) { return smem.place_of_a(stage); }, [](const work_item& tile) { return rows_of(tile); });
    }
    /// Producer thread: the same of B; `beside(tile, i)` is called with K block number i of each tile.
    template <class Storage, class Pipeline, class Beside = typename b_stream::nothing_else>
    DEEPGEMM_DEVICE static void load_b(const params& p, const Storage& smem, const Pipeline& pipe, u32 rank,
                                       tile_slice mine, const Beside& beside = {}) {
        b_stream::produce(
            p.b, pipe, work_of(p, smem, rank, tile_reader::thread), mine,
            [](const work_item& tile, i32 block) { return tile.b(block); },  // (block.n, block.k)
            [&](u32 stage) { return smem.place_of_b(stage); }, typename b_stream::whole_tiles{}, beside,
            [](const work_item& tile) { return hint_of_b(tile); });
    }

    /// Producer thread: lets the next kernel of the stream start, once its own last loads are issued.
    DEEPGEMM_DEVICE static void trigger_dependents(const params& p) {
        if constexpr (Config.trigger_dependents != trigger::never) {
            if (Config.trigger_dependents == trigger::always || p.triggers) {
                // a kernel started early may rely on all kernels but this one being complete
                ptx::grid_dependency_wait();
                ptx::grid_dependency_trigger();
            }
        }
    }
};

}  // namespace deepgemm
