// SPDX-License-Identifier: MIT
// What kernels for the scores of an indexer have in common, wherever their keys are: a warp brings queries, weights and
// ranges of a run to the math warps, and others tell the sink of keys that nobody scores.
#pragma once

#include <deepgemm/epilogue/score_sink.cuh>
#include <deepgemm/pipeline/roles.cuh>
#include <deepgemm/ptx/convert.cuh>
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

/// Regions of shared memory of these kernels. A run is what the producer of queries tells the math warps: its first query,
/// first key and key tiles (0: there are no more runs), then the range of each query.
namespace mqa_regions {
struct queries {};
struct weights {};
struct run {};
struct shares {};
}  // namespace mqa_regions

/// Whole warp: the same descriptor, in uniform registers. Without this nvcc computes it again for each multiply.
DEEPGEMM_DEVICE u64 kept(u64 descriptor) { return descriptor >> 32 << 32 | ptx::uniform(u32(descriptor)); }

/// Parts of kernel `K`, which names its `tiles`, `sums`, `query_tile`, `weight`, `query_ring`, the `queries` of each of its
/// `query_groups`, and where its regions are: `place<Region>(smem, item)`. Its params have maps, weights, ranges and the sink's
/// arguments.
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
        ptx::prefetch_tensor_map(p.q);
        typename K::query_ring::cursor at;
        typename tiles::run now;
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
            pipe.stored(at);
        }
        pipe.acquire(at);
        if (lane == 0) {
            ptx::st_shared(K::template place<mqa_regions::run>(smem, at.stage) + 8, 0);
            pipe.commit(at, 0);
        }
        pipe.stored(at);
    }

    /// Filler warps: pass over all query tiles, also those that no math warp sees, and each to one CTA.
    template <class Params>
    DEEPGEMM_DEVICE static void fill(const Params& p, u32 warp) {
        using tiles = typename K::tiles;
        for (i32 tile = i32(ptx::cta_index()); tile < tiles::tiles_of(p.ranges); tile += i32(ptx::cta_count())) {
            const key_range mine = tiles::load(p.ranges, tile);
            const auto keys = tiles::keys_of(mine);
            const i32 first = ptx::shuffle(keys.first, 0), count = ptx::shuffle(keys.tiles, 0);
            const i32 query = p.ranges.first_of(tile, tiles::queries);
            for (i32 i = i32(warp); i < tiles::queries; i += K::cta::warps_of(roles::fill{})) {
                if (!key_range{0, ptx::shuffle(mine.last, u32(i))}.exists()) continue;
                K::sink::fill_outside(p.out, p.ranges.keys, query + i, {first, first + count * tiles::keys});
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
    /// Whole warp: brings the weights of all columns of a query tile as FP32; zero for columns without a query. Several loads
    /// are under way at a time, since each takes longer than a multiply.
    template <class Params>
    DEEPGEMM_DEVICE static void load_weights(const Params& p, u32 to, i32 first) {
        constexpr int all = K::query_groups * K::sums::columns, batch = min(ceil_div(all, 32), 8);
        const int lane = int(ptx::lane_index());
        DEEPGEMM_NO_UNROLL
        for (int from = lane; from < align_up(all, 32); from += 32 * batch) {
            float value[batch];
            DEEPGEMM_UNROLL
            for (int i = 0; i < batch; ++i) value[i] = weight_of(p, first, min(from + 32 * i, all - 1));
            DEEPGEMM_UNROLL
            for (int i = 0; i < batch; ++i) {
                if (from + 32 * i < all) ptx::st_shared(to + 4 * u32(from + 32 * i), value[i]);
            }
        }
    }
    /// Any thread: the weight of column `column` of all query groups, whose first query is `first`.
    template <class Params>
    DEEPGEMM_DEVICE static float weight_of(const Params& p, i32 first, int column) {
        constexpr int columns = K::sums::columns;
        const int in_group = column % columns, query = first + column / columns * K::queries + in_group / heads;
        const bool exists = in_group < K::queries * heads && query < p.ranges.queries;
        const auto* from = p.weights + (exists ? query * p.weights_pitch + in_group % heads : 0);
        if constexpr (same_as<typename K::weight, float>) {
            const float loaded = ptx::ld_global(from);
            return exists ? loaded : 0.0f;
        } else {
            const u32 bits = ptx::ld_global(from).bits;
            return ptx::unpack<typename K::weight>(exists ? bits : 0u).x;
        }
    }
};

}  // namespace deepgemm
