// SPDX-License-Identifier: MIT
// Work that is ragged: each query has a range of keys of its own, in device memory. A query tile is a few neighbouring queries
// with the keys of all their ranges, in key tiles. The CTAs share the key tiles of all query tiles out among themselves, each a
// run of as many, so that it does not matter how long single ranges are. Key tiles do not depend on each other, and a result
// not on which CTA computes it.
#pragma once

#include <deepgemm/core/math.cuh>
#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/ptx/fence.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/mbarrier.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/warp.cuh>
#include <deepgemm/schedule/key_ranges.cuh>

namespace deepgemm {

/// Query tiles of `Queries` queries, at most 32, and key tiles of `Keys` keys. To start a query tile costs a CTA as much as
/// `StartCost` key tiles; this changes how work is shared out, and no result. `Ranges` knows the queries of a tile and their
/// ranges, as key_ranges does. CTAs share out groups of neighbouring query tiles in turn from the front and from the back, so that
/// all have about as many tiles to start where ranges grow from query to query.
///
/// With `Early`, each CTA starts with up to so many key tiles by a rule that needs no sum, while a few of its warps share out the rest:
/// CTA c with the first key tiles of the query tile that is number c from the last one to be shared out.
template <int Queries, int Keys, int StartCost, class Ranges = key_ranges, int Early = 0>
struct ragged_tiles {
    static_assert(Early >= 0, "ragged_tiles: a CTA starts early with 0 key tiles or more");
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
    /// A place between two key tiles of the whole work: before key tile `key_tile`, not counting those with which CTAs start, of the
    /// query tile that is number `turn` to be shared out.
    struct boundary {
        i32 turn, key_tile;
    };

    static constexpr int queries = Queries, keys = Keys, early = Early;

    /// Lanes that look at a query tile together, a power of two, and how many tiles a warp looks at.
    static constexpr int lanes = Queries <= 1    ? 1
                                 : Queries <= 2  ? 2
                                 : Queries <= 4  ? 4
                                 : Queries <= 8  ? 8
                                 : Queries <= 16 ? 16
                                                 : 32;
    static constexpr int at_once = 32 / lanes;

    /// Bytes of shared memory that share() uses in a CTA of `warps` warps.
    DEEPGEMM_BOTH static constexpr u32 bytes(int warps) {
        return u32(align_up(4 * warps, 8)) + 2 * sizeof(boundary) + (Early > 0 ? 16 : 0);
    }
    DEEPGEMM_BOTH static i32 tiles_of(const Ranges& all) { return all.tiles(Queries); }

    /// The query tile that is number `turn` to be shared out. There are turns in whole groups of `at_once`, so that some tiles of the
    /// last group may not exist.
    DEEPGEMM_BOTH static i32 tile_at(const Ranges& all, i32 turn) {
        const i32 group = turn / at_once, groups = turns_of(all) / at_once;
        return (group % 2 != 0 ? groups - 1 - group / 2 : group / 2) * at_once + turn % at_once;
    }
    DEEPGEMM_BOTH static i32 turns_of(const Ranges& all) { return align_up(tiles_of(all), at_once); }

    /// What CTAs start with: `each` key tiles, so many CTAs at each query tile, and one more at the last `more` of all `tiles`.
    struct early_rule {
        i32 each, ctas, more, tiles;

        /// No more key tiles than half of what a CTA has to do if all ranges are long.
        DEEPGEMM_DEVICE static early_rule of(const Ranges& all) {
            if constexpr (Early == 0) return {0, 0, 0, 0};
            const u32 tiles = u32(tiles_of(all)), ctas = ptx::cta_count();
            const u64 half = u64(tiles) * u64(ceil_div(all.longest, Keys)) / 2;
            return {i32(min(u64(Early), half / ctas)), i32(ctas / tiles), i32(ctas % tiles), i32(tiles)};
        }
        /// Key tiles of a query tile with which CTAs start, if it has so many.
        DEEPGEMM_DEVICE i32 taken(i32 tile) const {
            return Early == 0 ? 0 : each * (tiles - 1 - tile < more ? ctas + 1 : ctas);
        }
        /// The calling CTA's query tile, and the first one of its key tiles.
        DEEPGEMM_DEVICE i32 tile() const { return tiles - 1 - i32(ptx::cta_index()) % tiles; }
        DEEPGEMM_DEVICE i32 key_tile() const { return i32(ptx::cta_index()) / tiles * each; }
    };

    /// Whole warp: each lane's own range in query tiles `tile` and following, of which each takes `lanes` lanes.
    DEEPGEMM_DEVICE static key_range load(const Ranges& all, i32 tile) {
        return all.template cut<Queries, lanes>(all.template fetch<Queries, lanes>(tile), tile);
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

    /// All threads of the CTA: finds where the runs of this CTA start and end, and synchronises the CTA. `smem` is the address
    /// of bytes() bytes of shared memory.
    DEEPGEMM_DEVICE static void share(const Ranges& all, u32 smem) {
        share_among(all, smem, i32(ptx::warp_index()), i32(ptx::thread_count() / 32), whole_cta{});
    }
    /// One thread, before the CTA's first synchronisation and share_beside() by `warps` warps.
    DEEPGEMM_DEVICE static void initialise(u32 smem, int warps) {
        const u32 barriers = beside(smem).barriers;
        ptx::mbarrier_init(barriers, u32(32 * warps));
        ptx::mbarrier_init(barriers + 8, u32(32 * warps));
        ptx::fence_mbarrier_init();
    }
    /// The same warps, where load_schedule() has found the shares: what share_beside() tells the others.
    DEEPGEMM_DEVICE static void announce_shares(u32 smem) { beside(smem).finish(); }
    /// `warps` warps of the CTA, of which the calling one is number `warp`: share() for the others, whose runs wait for it after what
    /// they start with.
    DEEPGEMM_DEVICE static void share_beside(const Ranges& all, u32 smem, i32 warp, int warps) {
        share_among(all, smem, warp, warps, beside(smem));
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
    /// All threads, instead of share(): takes this CTA's part of a schedule. False if the schedule was made for other tiles, for
    /// another number of CTAs or for ranges of another shape; then nothing has happened.
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
        u32 shares;  ///< shared address of them
        early_rule first;
        bool begun = false, waits = Early > 0;  ///< shares may not be known yet
        boundary start, stop;
        i32 turn, group;        ///< the next query tile, and the first of those whose ranges the lanes have
        key_range mine, ahead;  ///< this lane's in that group; and in the next one as memory has it, loads under way
        tile_keys keys;

        /// Whole warp, after share() with the same arguments, or while other warps are in share_beside().
        DEEPGEMM_DEVICE runs(const Ranges& ranges, u32 smem)
            : all(ranges), shares(smem), first(early_rule::of(ranges)) {
            if constexpr (Early == 0) open();
        }
        /// False if next() may wait for the shares.
        DEEPGEMM_DEVICE bool knows_next() const { return Early == 0 || !begun || !waits; }
        /// Whole warp: the next run, or false if there is none. Waits for the shares unless the CTA starts with this run.
        DEEPGEMM_DEVICE bool next(run& r) {
            if constexpr (Early > 0) {
                if (waits) {
                    if (!begun) {
                        begun = true;
                        if (begins(r)) return true;
                    }
                    waits = false;
                    beside(shares).await();
                    open();
                }
            }
            while (turn <= stop.turn) {
                if (turn == group + at_once) {
                    group = turn;
                    take();
                }
                const i32 here = turn++;
                const u32 at = u32(here - group) * u32(lanes), lane = at + ptx::lane_index() % u32(lanes);
                const tile_keys all_keys{ptx::shuffle(keys.first, at), ptx::shuffle(keys.tiles, at)};
                const key_range range{ptx::shuffle(mine.first, lane), ptx::shuffle(mine.last, lane)};
                const i32 tile = tile_at(all, here), taken = first.taken(tile);
                const i32 begin = taken + (here == start.turn ? start.key_tile : 0);
                const i32 end = here == stop.turn ? min(taken + stop.key_tile, all_keys.tiles) : all_keys.tiles;
                if (begin >= end) continue;
                r = {all.first_of(tile, Queries), all_keys.first + begin * Keys, end - begin, range};
                return true;
            }
            return false;
        }

    private:
        /// What share() has found.
        DEEPGEMM_DEVICE void open() {
            const u32 from = shares + ends_at(i32(ptx::thread_count() / 32));
            start = {ptx::ld_shared<i32>(from), ptx::ld_shared<i32>(from + 4)};
            stop = {ptx::ld_shared<i32>(from + 8), ptx::ld_shared<i32>(from + 12)};
            turn = start.turn;
            group = turn / at_once * at_once;
            ahead = fetch_turn(all, group);
            take();
        }
        /// The run with which the CTA starts; false if there is none.
        DEEPGEMM_DEVICE bool begins(run& r) const {
            const i32 tile = first.tile(), begin = first.key_tile();
            const key_range all_ranges = load(all, tile);
            const tile_keys all_keys = keys_of(all_ranges);
            const u32 lane = ptx::lane_index() % u32(lanes);
            const key_range range{ptx::shuffle(all_ranges.first, lane), ptx::shuffle(all_ranges.last, lane)};
            const i32 count = min(first.each, ptx::shuffle(all_keys.tiles, 0) - begin);
            r = {all.first_of(tile, Queries), ptx::shuffle(all_keys.first, 0) + begin * Keys, count, range};
            return count > 0;
        }
        DEEPGEMM_DEVICE void take() {
            mine = cut_turn(all, ahead, group);
            keys = keys_of(mine);
            ahead = fetch_turn(all, group + at_once);
        }
    };

private:
    /// Words at the head of a schedule, which say what it is for.
    static constexpr i32 head_words = 6;
    DEEPGEMM_DEVICE static i32 head_of(const Ranges& all, i32 i) {
        const i32 words[head_words] = {Queries,     i32(ptx::cta_count()), all.queries,
                                       all.longest, all.shape(),           Early << 16 | Keys};
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
    /// Warps that share out the work together: how they meet once, and how they say that they are done.
    struct whole_cta {
        DEEPGEMM_DEVICE void meet() const { ptx::sync_cta(); }
        DEEPGEMM_DEVICE void finish() const { ptx::sync_cta(); }
    };
    /// A few of the CTA's, with two barriers at shared address `barriers`.
    struct some_warps {
        u32 barriers;
        DEEPGEMM_DEVICE void meet() const {
            ptx::mbarrier_arrive(barriers);
            ptx::mbarrier_wait(barriers, 0, "costs of all query tiles");
        }
        DEEPGEMM_DEVICE void finish() const { ptx::mbarrier_arrive(barriers + 8); }
        /// Other warps.
        DEEPGEMM_DEVICE void await() const { ptx::mbarrier_wait(barriers + 8, 0, "shares of the work"); }
    };
    DEEPGEMM_DEVICE static some_warps beside(u32 smem) {
        return {smem + ends_at(i32(ptx::thread_count() / 32)) + 2 * u32(sizeof(boundary))};
    }

    /// share() by `warps` warps, of which the calling one is number `warp`.
    template <class Crew>
    DEEPGEMM_DEVICE static void share_among(const Ranges& all, u32 smem, i32 warp, i32 warps, const Crew& crew) {
        const early_rule start = early_rule::of(all);
        const i32 lane = i32(ptx::lane_index());
        const i32 turns = turns_of(all), mine = align_up(ceil_div(turns, warps), at_once);
        const i32 first = min(warp * mine, turns), last = min(first + mine, turns);
        i32 part = at_once;  // turns whose cost a lane keeps
        while (part * 32 < mine) part *= 2;
        const u32 of_lane = first < last ? costs_of_parts(all, start, first, last, part) : 0;
        const u32 ends = ptx::inclusive_sum(of_lane), cost = ptx::shuffle(ends, 31);
        if (lane == 0) ptx::st_shared(smem + 4 * u32(warp), cost);
        crew.meet();
        const u32 sums = ptx::inclusive_sum(lane < warps ? ptx::ld_shared<u32>(smem + 4 * u32(lane)) : 0);
        const u32 before = ptx::shuffle(sums, u32(warp)) - cost, total = ptx::shuffle(sums, 31);
        DEEPGEMM_NO_UNROLL
        for (u32 i = 0; i < 2; ++i) {
            const u32 target = u32(u64(total) * (ptx::cta_index() + i) / ptx::cta_count()),
                      to = smem + ends_at(i32(ptx::thread_count() / 32)) + 8 * i;
            if (target == total && warp == 0 && lane == 0) store({turns, 0}, to);
            if (before <= target && target < before + cost) {
                const u32 passed = ptx::count_bits(ptx::ballot(before + ends <= target));  // parts
                const u32 begin = before + (passed > 0 ? ptx::shuffle(ends, passed - 1) : 0);
                find(all, start, first + i32(passed) * part, last, begin, target, to);
            }
        }
        crew.finish();
    }

    /// Whole warp: each lane's own range in the group of query tiles that starts at turn `turn`, as memory has it, and cut.
    DEEPGEMM_DEVICE static key_range fetch_turn(const Ranges& all, i32 turn) {
        return all.template fetch<Queries, lanes>(tile_at(all, turn));
    }
    DEEPGEMM_DEVICE static key_range cut_turn(const Ranges& all, key_range fetched, i32 turn) {
        return all.template cut<Queries, lanes>(fetched, tile_at(all, turn));
    }
    /// Whole warp: what the group of query tiles from `turn` on costs whose ranges are `mine`: a tile in the first of its lanes, 0 in
    /// the others. All tiles together cost less than 2^32, which the operation checks.
    DEEPGEMM_DEVICE static u32 cost_of(const Ranges& all, const early_rule& start, key_range mine, i32 turn) {
        const i32 lane = i32(ptx::lane_index()), tile = tile_at(all, turn) + lane / lanes;
        const i32 left = Early == 0 ? keys_of(mine).tiles : max(keys_of(mine).tiles - start.taken(tile), 0);
        return lane % lanes == 0 && tile < tiles_of(all) ? u32(left + StartCost) : 0;
    }
    /// Groups of query tiles whose ranges a warp has under way. All CTAs read the same lines at the same time, and with several of each
    /// under way they once took twice as long.
    static constexpr int under_way = Early > 0 ? 4 : 1;
    /// Whole warp: what turns [first, last), at least one, cost in parts of `part` turns: lane i has the cost of part i. Each CTA starts
    /// at another group.
    DEEPGEMM_DEVICE static u32 costs_of_parts(const Ranges& all, const early_rule& start, i32 first, i32 last,
                                              i32 part) {
        const i32 mine = first + i32(ptx::lane_index()) * part;
        const auto after = [&](i32 turn) { return turn + at_once < last ? turn + at_once : first; };
        i32 turn = first + i32(ptx::cta_index()) * at_once % (last - first), next = turn;
        key_range ahead[under_way];
        DEEPGEMM_UNROLL
        for (key_range& of : ahead) {
            of = fetch_turn(all, next);
            next = after(next);
        }
        u32 kept = 0;
        DEEPGEMM_NO_UNROLL
        for (i32 left = last - first; left > 0; left -= at_once) {
            const u32 cost = ptx::reduce_add(cost_of(all, start, cut_turn(all, ahead[0], turn), turn));
            if (u32(turn - mine) < u32(part)) kept += cost;
            turn = after(turn);
            DEEPGEMM_UNROLL
            for (int i = 0; i + 1 < under_way; ++i) ahead[i] = ahead[i + 1];
            ahead[under_way - 1] = fetch_turn(all, next);
            next = after(next);
        }
        return kept;
    }
    /// Whole warp: stores where among turns [first, last), which cost `before` and more, a total of `target` is reached.
    DEEPGEMM_DEVICE static void find(const Ranges& all, const early_rule& start, i32 first, i32 last, u32 before,
                                     u32 target, u32 to) {
        DEEPGEMM_NO_UNROLL
        for (i32 turn = first; turn < last && before <= target; turn += at_once) {
            const key_range mine = cut_turn(all, fetch_turn(all, turn), turn);
            const u32 cost = cost_of(all, start, mine, turn), end = before + ptx::inclusive_sum(cost);
            const u32 begin = end - cost;
            if (begin <= target && target < end) {
                store({turn + i32(ptx::lane_index()) / lanes, max(i32(target - begin) - StartCost, 0)}, to);
            }
            before = ptx::shuffle(end, 31);
        }
    }
};

}  // namespace deepgemm
