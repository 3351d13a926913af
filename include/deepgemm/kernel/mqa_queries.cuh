// SPDX-License-Identifier: MIT
// What kernels for the scores of an indexer have in common, wherever their keys are: a warp brings queries, weights and
// ranges of a run to the math warps, and others tell the sink of keys that nobody scores.
#pragma once

#include <deepgemm/epilogue/score_sink.cuh>
#include <deepgemm/pipeline/roles.cuh>
#include <deepgemm/pipeline/tma_pipeline.cuh>
#include <deepgemm/ptx/convert.cuh>
#include <deepgemm/ptx/cp_async.cuh>
#include <deepgemm/ptx/fence.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/tma.cuh>
#include <deepgemm/ptx/warp.cuh>

namespace deepgemm {

namespace roles {
/// Loads keys and their scales.
struct load_keys {
    static constexpr const char* text = "producer of keys";
};
/// Loads queries, their weights and their ranges.
struct load_queries {
    static constexpr const char* text = "producer of queries";
};
/// Tells the sink of keys that nobody scores.
struct fill {
    static constexpr const char* text = "filler";
};
}  // namespace roles

/// The roles of these kernels, with `MathWarpgroups` warpgroups that multiply.
template <int MathWarpgroups>
struct mqa_roles : role_table<role<roles::load_keys, 1, register_shares::of(MathWarpgroups).producer>,
                              role<roles::load_queries, 1, register_shares::of(MathWarpgroups).producer>,
                              role<roles::fill, 2, register_shares::of(MathWarpgroups).producer>,
                              role<roles::math, 4 * MathWarpgroups, register_shares::of(MathWarpgroups).math>> {};

/// Query tiles that a CTA has at a time, and their ring. Every lane arrives, of math warps and of the producer, whose thread
/// that starts copies arrives once more.
inline constexpr int mqa_query_stages = 2;
template <int MathWarpgroups>
using mqa_query_ring = tma_pipeline<mqa_query_stages, 128 * MathWarpgroups, cluster_shape{}, 33>;

namespace meetings {
/// The queries of a CTA's first run are in shared memory, with their weights.
struct first_queries {};
}  // namespace meetings

/// Regions of shared memory of these kernels. A run is what the producer of queries tells the math warps: its first query,
/// first key and key tiles (0: there are no more runs), then the range of each query.
namespace mqa_regions {
struct queries {};
struct weights {};
struct run {};
struct shares {};
struct filler {};
}  // namespace mqa_regions

/// Shared memory with which a filler warp of sink `Sink` fills, or 0 if it needs none.
template <class Sink>
DEEPGEMM_BOTH constexpr u32 filler_bytes() {
    if constexpr (requires { typename Sink::filler; }) {
        return Sink::fills_outside ? Sink::filler::bytes : 0;
    } else {
        return 0;
    }
}

/// Parts of kernel `K`, which names its `tiles`, `sums`, `query_tile`, `weight`, `query_ring`, the `queries` of each of its
/// `query_groups`, `long_run`, and where its regions are: `place<Region>(smem, item)`. If a CTA's first run has `long_run` key
/// tiles or more, the queries of the second one wait until the first are there; with 0 they never do. `has_filler` says that
/// it has a region for the sink's filler. Its params have maps, weights, ranges and the sink's arguments.
template <class K>
struct mqa_queries {
    static constexpr int heads = K::traits.heads;

    /// All threads: zeros for the rows of query tiles that belong to no query. TMA never writes them.
    DEEPGEMM_DEVICE static void clear_padding(u32 smem) {
        constexpr u32 used = u32(K::queries * heads) * K::query_tile::row_bytes, unused = K::query_tile::bytes - used;
        if constexpr (unused != 0) {
            constexpr u32 all = K::query_stages * K::query_groups * unused / 4;
            for (u32 i = ptx::thread_index(); i < all; i += u32(K::cta::threads)) {
                const u32 tile = K::template place<mqa_regions::queries>(smem, i / (unused / 4));
                ptx::st_shared<u32>(tile + used + i % (unused / 4) * 4, 0);
            }
            ptx::fence_proxy_async();
        }
    }

    /// Producer of queries: for each run of the CTA, and a last time without.
    template <class Params>
    DEEPGEMM_DEVICE static void load_queries(const Params& p, u32 smem, const typename K::query_ring& pipe) {
        using tiles = typename K::tiles;
        typename K::query_ring::cursor at;
        typename tiles::run now;
        bool begun = false;
        const u32 lane = ptx::lane_index();
        const u32 shares = K::template place<mqa_regions::shares>(smem);
        for (typename tiles::runs work(p.ranges, shares); work.next(now); at.advance()) {
            const u32 full = pipe.acquire(at), first = at.stage * K::query_groups;
            if (ptx::elect_one()) {
                pipe.commit(at, u32(K::query_groups * K::queries * heads) * K::query_tile::row_bytes);
                for (u32 group = 0; group < u32(K::query_groups); ++group) {
                    const i32 row = (now.query + i32(group) * K::queries) * heads;
                    const u32 to = K::template place<mqa_regions::queries>(smem, first + group);
                    ptx::tma_load<2>(p.q, to, full, {0, row});
                }
            }
            const u32 words = K::template place<mqa_regions::run>(smem, at.stage);
            if (lane == 0) {
                ptx::st_shared(words, now.query);
                ptx::st_shared(words + 4, now.key);
                ptx::st_shared(words + 8, now.tiles);
            }
            if (lane < u32(K::queries * K::query_groups)) {
                ptx::st_shared(words + 16 + 8 * lane, ptx::vec2<i32>{now.mine.first, now.mine.last});
            }
            load_weights(p, K::template place<mqa_regions::weights>(smem, first), now.query);
            pipe.stored_by_lanes(at);
            if (!begun) let_fill();
            if constexpr (K::long_run > 0) {
                // All CTAs load at first. The queries of their first runs come sooner if those of the second ones wait.
                if (!begun && now.tiles >= K::long_run) pipe.wait(at);
            }
            begun = true;
        }
        if (!begun) let_fill();
        pipe.acquire(at);
        if (lane == 0) {
            ptx::st_shared(K::template place<mqa_regions::run>(smem, at.stage) + 8, 0);
            pipe.commit(at, 0);
        }
        pipe.stored_by_lanes(at);
    }

    /// Filler warps: pass over all query tiles, also those that no math warp sees, and each to one CTA. They start when the
    /// first queries are there, which would wait in memory behind their stores.
    template <class Params>
    DEEPGEMM_DEVICE static void fill(const Params& p, u32 smem, u32 warp) {
        using tiles = typename K::tiles;
        const auto filler = filler_of(smem, warp);
        barriers::sync(meetings::first_queries{});
        for (i32 tile = i32(ptx::cta_index()); tile < tiles::tiles_of(p.ranges); tile += i32(ptx::cta_count())) {
            const key_range mine = tiles::load(p.ranges, tile);
            const auto keys = tiles::keys_of(mine);
            const i32 first = ptx::shuffle(keys.first, 0), count = ptx::shuffle(keys.tiles, 0);
            const i32 query = p.ranges.first_of(tile, tiles::queries);
            for (i32 i = i32(warp); i < tiles::queries; i += K::cta::warps_of(roles::fill{})) {
                if (!key_range{0, ptx::shuffle(mine.last, u32(i))}.exists()) continue;
                filler.fill_outside(p.out, p.ranges.keys, query + i, {first, first + count * tiles::keys});
            }
        }
    }

    /// Math warps: opens this lane's scores of a run, whose description is at shared address `words`, for queries of query
    /// group `group`, from key `key` on.
    template <class Params>
    DEEPGEMM_DEVICE static auto open(const Params& p, u32 words, u32 group, i32 key) {
        using sums = typename K::sums;
        const i32 first = ptx::ld_shared<i32>(words);
        scored_query mine[sums::results];
        DEEPGEMM_UNROLL
        for (int i = 0; i < sums::results; ++i) {
            const int in_group = min(sums::query(i), K::queries - 1), in_tile = int(group) * K::queries + in_group;
            const auto stored = ptx::ld_shared<ptx::vec2<i32>>(words + 16 + 8 * u32(in_tile));
            const key_range range{stored.x, stored.y};
            mine[i] = {first + in_tile, range, sums::query(i) < K::queries && range.exists()};
        }
        return K::sink::open(p.out, p.ranges.keys, mine, key);
    }

private:
    using barriers =
        barrier_table<typename K::cta, named_barrier<meetings::first_queries, 1 + K::cta::warps_of(roles::fill{})>>;

    /// Filler warp: what it fills with, in shared memory of its own if the kernel has any for it.
    DEEPGEMM_DEVICE static auto filler_of([[maybe_unused]] u32 smem, [[maybe_unused]] u32 warp) {
        if constexpr (K::has_filler) {
            return K::sink::filler::at(K::template place<mqa_regions::filler>(smem, warp));
        } else {
            return typename K::sink{};
        }
    }

    /// Producer of queries: the first ones are there, or there are none.
    DEEPGEMM_DEVICE static void let_fill() {
        if constexpr (K::sink::fills_outside) barriers::arrive(meetings::first_queries{});
    }

    /// Whole warp: brings the weights of all columns of a query tile as FP32; zero for columns without a query. Many loads are
    /// under way at a time: one after another, they would take longer than a short run.
    template <class Params>
    DEEPGEMM_DEVICE static void load_weights(const Params& p, u32 to, i32 first) {
        constexpr int all = K::query_groups * K::sums::columns;
        const int lane = int(ptx::lane_index());
        if constexpr (same_as<typename K::weight, float>) {
            for (int i = lane; i < all; i += 32) {
                const auto from = weight_of(p, first, i);
                ptx::cp_async<4>(to + 4 * u32(i), from.data, from.exists);
            }
            ptx::cp_async_commit();
            ptx::cp_async_wait<0>();
        } else {
            constexpr int batch = min(ceil_div(all, 32), 8);
            DEEPGEMM_NO_UNROLL
            for (int start = lane; start < align_up(all, 32); start += 32 * batch) {
                u32 bits[batch];
                DEEPGEMM_UNROLL
                for (int i = 0; i < batch; ++i) {
                    const auto from = weight_of(p, first, min(start + 32 * i, all - 1));
                    bits[i] = from.exists ? u32(ptx::ld_global(from.data).bits) : 0;
                }
                DEEPGEMM_UNROLL
                for (int i = 0; i < batch; ++i) {
                    if (start + 32 * i < all)
                        ptx::st_shared(to + 4 * u32(start + 32 * i), ptx::unpack<typename K::weight>(bits[i]).x);
                }
            }
        }
    }
    struct weight_place {
        const typename K::weight* data;
        bool exists;
    };
    /// Any thread: the weight of column `column` of all query groups, whose first query is `first`.
    template <class Params>
    DEEPGEMM_DEVICE static weight_place weight_of(const Params& p, i32 first, int column) {
        constexpr int columns = K::sums::columns;
        const int in_group = column % columns, query = first + column / columns * K::queries + in_group / heads;
        const bool exists = in_group < K::queries * heads && query < p.ranges.queries;
        return {p.weights + (exists ? query * p.weights_pitch + in_group % heads : 0), exists};
    }
};

}  // namespace deepgemm
