// SPDX-License-Identifier: MIT
// Work that is ragged: each query has a range of keys of its own, in device memory. A query tile is a few neighbouring queries
// with the keys of all their ranges, in key tiles. The CTAs share the key tiles of all query tiles out among themselves, each a
// run of as many, so that it does not matter how long single ranges are. Key tiles do not depend on each other, and a result
// not on which CTA computes it.
#pragma once

#include <deepgemm/core/math.cuh>
#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/warp.cuh>
#include <deepgemm/schedule/key_ranges.cuh>

namespace deepgemm {

/// Query tiles of `Queries` queries, at most 32, and key tiles of `Keys` keys. To start a query tile costs a CTA as much as
/// `StartCost` key tiles; this changes how work is shared out, and no result. `Ranges` knows the queries of a tile and their
/// ranges, as key_ranges does. If these are regular, CTAs share out groups of neighbouring query tiles in turn from the front
/// and from the back, so that all have about as many tiles to start where ranges grow from query to query.
template <int Queries, int Keys, int StartCost, class Ranges = key_ranges>
struct ragged_tiles {
    static_assert(Queries >= 1 && Queries <= 32, "ragged_tiles: a query tile has 1 to 32 queries");
    static_assert(Keys % 4 == 0 && StartCost >= 0, "ragged_tiles: key tiles are whole groups of four keys");

    /// The key tiles of a query tile. The first starts at key `first`, a multiple of four, where a copy of FP32 may start.
    struct tile_keys {
        i32 first, tiles;
    };
    /// What a CTA computes of a query tile: `tiles` key tiles from key `key` on, for `Queries` queries from `query` on. `mine`
    /// is the range of the query `lane index` after the first, in lanes below `Queries`; no_query if the tile has fewer.
    struct run {
        i32 query, key, tiles;
        key_range mine;
    };
    /// A place between two key tiles of the whole work: before key tile `key_tile` of the query tile that is number `turn` to
    /// be shared out.
    struct boundary {
        i32 turn, key_tile;
    };

    static constexpr int queries = Queries, keys = Keys;

    /// Lanes that look at a query tile together, a power of two, and how many tiles a warp looks at.
    static constexpr int lanes = Queries <= 1    ? 1
                                 : Queries <= 2  ? 2
                                 : Queries <= 4  ? 4
                                 : Queries <= 8  ? 8
                                 : Queries <= 16 ? 16
                                                 : 32;
    static constexpr int at_once = 32 / lanes;

    /// Bytes of shared memory that share() uses in a CTA of `warps` warps.
    DEEPGEMM_BOTH static constexpr u32 bytes(int warps) { return u32(align_up(4 * warps, 8)) + 2 * sizeof(boundary); }
    DEEPGEMM_BOTH static i32 tiles_of(const Ranges& all) { return all.tiles(Queries); }

    /// The query tile that is number `turn` to be shared out. Of regular ones there are turns in whole groups of `at_once`, so
    /// that some tiles of the last group may not exist.
    DEEPGEMM_BOTH static i32 tile_at(const Ranges& all, i32 turn) {
        if constexpr (Ranges::regular) {
            const i32 group = turn / at_once, groups = turns_of(all) / at_once;
            return (group % 2 != 0 ? groups - 1 - group / 2 : group / 2) * at_once + turn % at_once;
        } else {
            return turn;
        }
    }
    DEEPGEMM_BOTH static i32 turns_of(const Ranges& all) {
        return Ranges::regular ? align_up(tiles_of(all), at_once) : tiles_of(all);
    }

    /// Whole warp: each lane's own range in query tiles `tile` and following, of which each takes `lanes` lanes.
    DEEPGEMM_DEVICE static key_range load(const Ranges& all, i32 tile) {
        return all.template load<Queries, lanes>(tile);
    }
    /// Whole warp: the keys of the tile that this lane and its neighbours have the ranges of.
    DEEPGEMM_DEVICE static tile_keys keys_of(key_range mine) {
        constexpr i32 none = 0x7fffffff;
        i32 from = mine.first < mine.last ? mine.first : none, to = max(mine.last, 0);
        DEEPGEMM_UNROLL
        for (u32 mask = 1; mask < u32(lanes); mask *= 2) {
            from = min(from, ptx::shuffle_xor(from, mask));
            to = max(to, ptx::shuffle_xor(to, mask));
        }
        from = from < to ? from / 4 * 4 : to;
        return {from, ceil_div(to - from, Keys)};
    }

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
        using turns_of_warp = conditional_t<Ranges::regular, turns_by_lanes, turns_by_groups>;
        const i32 turns = turns_of(all);
        const auto mine = turns_of_warp::of(all, turns, warp, warps);
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
            if (target == total && warp == 0 && lane == 0) store({turns, 0}, to);
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
    DEEPGEMM_DEVICE static void store(boundary place, u32 to) {
        ptx::st_shared(to, place.turn);
        ptx::st_shared(to + 4, place.key_tile);
    }

    /// The turns of a warp, whose lanes look at query tiles in groups of `lanes`.
    struct turns_by_groups {
        i32 first, last;
        u32 all_cost;

        /// Whole warp, number `warp` of `warps` that have `turns` turns.
        DEEPGEMM_DEVICE static turns_by_groups of(const Ranges& all, i32 turns, i32 warp, i32 warps) {
            const i32 mine = align_up(ceil_div(turns, warps), at_once);
            const i32 first = warp * mine, last = min(first + mine, turns);
            u32 cost = 0;
            // All CTAs read the same lines; with several loads of each under way they take twice as long.
            DEEPGEMM_NO_UNROLL
            for (i32 turn = first; turn < last; turn += at_once) cost += cost_of(all, turn, last);
            return {first, last, ptx::reduce_add(cost)};
        }
        DEEPGEMM_DEVICE u32 cost() const { return all_cost; }
        /// Whole warp: stores where among these turns, which cost `before` and more, a total of `target` is reached.
        DEEPGEMM_DEVICE void find(const Ranges& all, u32 before, u32 target, u32 to) const {
            DEEPGEMM_NO_UNROLL
            for (i32 turn = first; turn < last && before <= target; turn += at_once) {
                const u32 cost = cost_of(all, turn, last), end = before + ptx::inclusive_sum(cost), start = end - cost;
                if (start <= target && target < end) {
                    store({turn + i32(ptx::lane_index()) / lanes, max(i32(target - start) - StartCost, 0)}, to);
                }
                before = ptx::shuffle(end, 31);
            }
        }

    private:
        /// Whole warp: what query tiles from `turn` on cost that lie before `last`: a tile in the first of its lanes, 0 in the
        /// others.
        DEEPGEMM_DEVICE static u32 cost_of(const Ranges& all, i32 turn, i32 last) {
            const i32 lane = i32(ptx::lane_index());
            const u32 cost = u32(keys_of(load(all, turn)).tiles + StartCost);
            return lane % lanes == 0 && turn + lane / lanes < last ? cost : 0;
        }
    };

    /// The turns of a warp, of which each lane looks at every 32nd query tile by itself. That takes an eighth of the instructions
    /// of turns_by_groups, or less. Lane i keeps what part i of these turns costs: a single turn if there are at most 32.
    struct turns_by_lanes {
        i32 first, last, part;  ///< turns of a part, 1 or a multiple of 32
        u32 kept, ends;         ///< what part `lane index` costs, and all up to it

        /// Whole warp, number `warp` of `warps` that have `turns` turns.
        DEEPGEMM_DEVICE static turns_by_lanes of(const Ranges& all, i32 turns, i32 warp, i32 warps) {
            const i32 mine = align_up(ceil_div(turns, warps), 32);
            turns_by_lanes made{min(warp * mine, turns), min(warp * mine + mine, turns), 1, 0, 0};
            if (made.first < made.last) made.read(all);
            made.ends = ptx::inclusive_sum(made.kept);
            return made;
        }
        DEEPGEMM_DEVICE u32 cost() const { return ptx::shuffle(ends, 31); }
        /// Whole warp: stores where among these turns, which cost `before` and more, a total of `target` is reached.
        DEEPGEMM_DEVICE void find(const Ranges& all, u32 before, u32 target, u32 to) const {
            const i32 lane = i32(ptx::lane_index());
            if (part == 1) {
                store_if_reached(first + lane, before + ends - kept, kept, target, to);
                return;
            }
            const u32 passed = ptx::count_bits(ptx::ballot(before + ends <= target));  // parts
            u32 begin = before + (passed > 0 ? ptx::shuffle(ends, passed - 1) : 0);
            DEEPGEMM_NO_UNROLL
            for (i32 turn = first + i32(passed) * part; turn < last && begin <= target; turn += 32) {
                const u32 cost = cost_of(all, fetch(all, turn + lane), turn + lane);
                const u32 end = begin + ptx::inclusive_sum(cost);
                store_if_reached(turn + lane, end - cost, cost, target, to);
                begin = ptx::shuffle(end, 31);
            }
        }

    private:
        /// Whole warp: finds what parts cost. Each CTA starts at another turn, since all read the same lines, and has the next
        /// ranges under way.
        DEEPGEMM_DEVICE void read(const Ranges& all) {
            const i32 lane = i32(ptx::lane_index()), rounds = ceil_div(last - first, 32);
            if (rounds == 1) {
                kept = cost_of(all, fetch(all, first + lane), first + lane);
                return;
            }
            for (part = 32; part * 32 < last - first;) part *= 2;
            const auto turn_of = [&](i32 round) { return first + round * 32 + lane; };
            const auto after = [&](i32 round) { return round + 1 == rounds ? 0 : round + 1; };
            i32 round = i32(ptx::cta_index()) % rounds;
            auto ahead = fetch(all, turn_of(round));
            DEEPGEMM_NO_UNROLL
            for (i32 left = rounds; left > 0; --left) {
                const auto ranges = ahead;
                const i32 next = after(round);
                ahead = fetch(all, turn_of(next));
                const u32 cost = ptx::reduce_add(cost_of(all, ranges, turn_of(round)));
                if (round * 32 / part == lane) kept += cost;
                round = next;
            }
        }
        /// Any lane: the ranges of the query tile that is number `turn` to be shared out, or others if it is not the warp's.
        DEEPGEMM_DEVICE auto fetch(const Ranges& all, i32 turn) const {
            return all.template fetch<Queries>(tile_at(all, min(turn, last - 1)));
        }
        /// Any lane: what that tile costs, whose ranges are `ranges`; 0 if it is not the warp's.
        template <class Fetched>
        DEEPGEMM_DEVICE u32 cost_of(const Ranges& all, const Fetched& ranges, i32 turn) const {
            const i32 tile = tile_at(all, turn);
            const key_range keys = all.span(ranges, tile);
            const u32 cost = u32(ceil_div(keys.last - keys.first / 4 * 4, Keys) + StartCost);
            return turn < last && tile < tiles_of(all) ? cost : 0;
        }
        DEEPGEMM_DEVICE static void store_if_reached(i32 turn, u32 start, u32 cost, u32 target, u32 to) {
            if (start <= target && target - start < cost) store({turn, max(i32(target - start) - StartCost, 0)}, to);
        }
    };
};

}  // namespace deepgemm
