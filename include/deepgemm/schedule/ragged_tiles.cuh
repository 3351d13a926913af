// SPDX-License-Identifier: MIT
// Work that is ragged: each query has a range of keys of its own, in device memory. The CTAs share the key tiles of all query
// tiles (ragged_turns.cuh) out among themselves, each a run of as many, so that it does not matter how long single ranges are.
// Key tiles do not depend on each other, and a result not on which CTA computes it.
#pragma once

#include <deepgemm/core/math.cuh>
#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/warp.cuh>
#include <deepgemm/schedule/key_ranges.cuh>
#include <deepgemm/schedule/ragged_turns.cuh>

namespace deepgemm {

/// The runs of CTAs. ragged_turns, with the same parameters, says what these are and what query tiles are.
template <int Queries, int Keys, int StartCost, class Ranges = key_ranges>
struct ragged_tiles : ragged_turns<Queries, Keys, StartCost, Ranges> {
    using base = ragged_turns<Queries, Keys, StartCost, Ranges>;
    using boundary = typename base::boundary;
    using tile_keys = typename base::tile_keys;
    using base::at_once, base::keys_of, base::lanes, base::load, base::tile_at, base::turns_of;

    /// What a CTA computes of a query tile: `tiles` key tiles from key `key` on, for `Queries` queries from `query` on. `mine`
    /// is the range of the query `lane index` after the first, in lanes below `Queries`; no_query if the tile has fewer.
    struct run {
        i32 query, key, tiles;
        key_range mine;
    };
    static constexpr int queries = Queries, keys = Keys;

    /// Bytes of shared memory that share() uses in a CTA of `warps` warps.
    DEEPGEMM_BOTH static constexpr u32 bytes(int warps) { return u32(align_up(4 * warps, 8)) + 2 * sizeof(boundary); }
    /// The query tile with which the calling CTA starts if all cost as much.
    DEEPGEMM_DEVICE static i32 likely_first(const Ranges& all) {
        return tile_at(all, i32(u64(turns_of(all)) * ptx::cta_index() / ptx::cta_count()));
    }

    /// All threads of the CTA: finds where the runs of this CTA start and end, and synchronises the CTA. `smem` is the address
    /// of bytes() bytes of shared memory. All query tiles together cost less than 2^32, which the operation checks.
    DEEPGEMM_DEVICE static void share(const Ranges& all, u32 smem) {
        share(all, smem, [] {});
    }
    /// The same. Each thread calls `meanwhile` once it has read its ranges, so that these need not wait for what that asks
    /// memory for.
    template <class Meanwhile>
    DEEPGEMM_DEVICE static void share(const Ranges& all, u32 smem, const Meanwhile& meanwhile) {
        const i32 warps = i32(ptx::thread_count() / 32), warp = i32(ptx::warp_index()), lane = i32(ptx::lane_index());
        const i32 turns = turns_of(all);
        const auto mine = base::turns_of_warp::of(all, turns, warp, warps);
        const u32 cost = mine.cost();
        meanwhile();
        if (lane == 0) ptx::st_shared(smem + 4 * u32(warp), cost);
        ptx::sync_cta();
        const u32 of_lane = lane < warps ? ptx::ld_shared<u32>(smem + 4 * u32(lane)) : 0;
        const u32 sums = ptx::inclusive_sum(of_lane), before = ptx::shuffle(sums, u32(warp)) - cost,
                  total = ptx::shuffle(sums, 31);
        DEEPGEMM_NO_UNROLL
        for (u32 i = 0; i < 2; ++i) {
            const u32 target = u32(u64(total) * (ptx::cta_index() + i) / ptx::cta_count()),
                      to = smem + ends_at(warps) + 8 * i;
            if (target == total && warp == 0 && lane == 0) base::store({turns, 0}, to);
            if (before <= target && target < before + cost) mine.find(all, before, target, to);
        }
        ptx::sync_cta();
    }

    /// Words of a schedule: what share() finds in each of `ctas` CTAs, for later launches with the same ranges and as many
    /// CTAs.
    DEEPGEMM_BOTH static constexpr i64 schedule_words(i64 ctas) { return 2 * (ctas + 1) + head_words; }
    /// CTAs for which a schedule of so many words has room.
    DEEPGEMM_BOTH static constexpr i64 ctas_of(i64 words) { return (words - head_words) / 2 - 1; }
    /// All threads, after share(): stores this CTA's part of a schedule.
    DEEPGEMM_DEVICE static void store_schedule(const Ranges& all, i32* schedule, u32 smem) {
        const i32 cta = i32(ptx::cta_index()), ctas = i32(ptx::cta_count());
        const u32 from = smem + ends_at(i32(ptx::thread_count() / 32));
        const i32 count = cta == ctas - 1 ? 4 : 2, thread = i32(ptx::thread_index());
        if (thread < count)
            ptx::st_global(schedule + head_words + 2 * cta + thread, ptx::ld_shared<i32>(from + 4 * u32(thread)));
        if (cta == 0 && thread < head_words) ptx::st_global(schedule + thread, head_of(all, thread));
    }
    /// All threads, instead of share(): takes this CTA's part of a schedule. False if the schedule was made for other tiles,
    /// for another number of CTAs or for ranges of another shape; then nothing has happened.
    DEEPGEMM_DEVICE static bool load_schedule(const Ranges& all, const i32* schedule, u32 smem) {
        bool fits = true;
        DEEPGEMM_UNROLL
        for (i32 i = 0; i < head_words; ++i) fits = ptx::ld_global(schedule + i) == head_of(all, i) && fits;
        if (!fits) return false;
        const u32 thread = ptx::thread_index(), to = smem + ends_at(i32(ptx::thread_count() / 32));
        if (thread < 4) {
            const i32* const mine = schedule + head_words + 2 * ptx::cta_index();
            ptx::st_shared(to + 4 * thread, ptx::ld_global(mine + thread));
        }
        ptx::sync_cta();
        return true;
    }

    /// The runs of a CTA, one after another. Warps that walk them see the same ones.
    struct runs {
        const Ranges& all;
        boundary start, stop;
        i32 turn, batch;        ///< the next query tile, and the first of those whose ranges the lanes have
        key_range mine, ahead;  ///< this lane's in that batch and in the next one, whose loads are under way
        tile_keys keys;

        /// Whole warp, after share() with the same arguments.
        DEEPGEMM_DEVICE runs(const Ranges& ranges, u32 smem) : all(ranges) {
            const u32 from = smem + ends_at(i32(ptx::thread_count() / 32));
            start = {ptx::ld_shared<i32>(from), ptx::ld_shared<i32>(from + 4)};
            stop = {ptx::ld_shared<i32>(from + 8), ptx::ld_shared<i32>(from + 12)};
            turn = start.turn;
            batch = Ranges::regular ? turn / at_once * at_once : turn;
            take(load(all, tile_at(all, batch)));
        }
        /// Whole warp: the next run, or false if there is none.
        DEEPGEMM_DEVICE bool next(run& r) {
            while (turn <= stop.turn) {
                if (turn == batch + at_once) {
                    batch = turn;
                    take(ahead);
                }
                const i32 here = turn++;
                const u32 at = u32(here - batch) * u32(lanes), lane = at + ptx::lane_index() % u32(lanes);
                const tile_keys all_keys{ptx::shuffle(keys.first, at), ptx::shuffle(keys.tiles, at)};
                const key_range range{ptx::shuffle(mine.first, lane), ptx::shuffle(mine.last, lane)};
                const i32 begin = here == start.turn ? start.key_tile : 0;
                const i32 end = here == stop.turn ? min(stop.key_tile, all_keys.tiles) : all_keys.tiles;
                if (begin >= end) continue;
                r = {all.first_of(tile_at(all, here), Queries), all_keys.first + begin * Keys, end - begin, range};
                return true;
            }
            return false;
        }

    private:
        DEEPGEMM_DEVICE void take(key_range loaded) {
            mine = loaded;
            keys = keys_of(mine);
            ahead = load(all, tile_at(all, batch + at_once));
        }
    };

private:
    /// Words at the head of a schedule, which say what it is for.
    static constexpr i32 head_words = 6;
    DEEPGEMM_DEVICE static i32 head_of(const Ranges& all, i32 i) {
        const i32 words[head_words] = {Queries, i32(ptx::cta_count()), all.queries, all.longest, all.shape(), Keys};
        i32 word = words[0];
        DEEPGEMM_UNROLL
        for (i32 j = 1; j < head_words; ++j) word = i == j ? words[j] : word;
        return word;
    }
    DEEPGEMM_BOTH static constexpr u32 ends_at(i32 warps) { return u32(align_up(4 * warps, 8)); }
};

}  // namespace deepgemm
