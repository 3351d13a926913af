// SPDX-License-Identifier: MIT
// Query tiles with ragged ranges of keys: in which order they are shared out among CTAs, a turn each, and what each costs. A
// query tile is a few neighbouring queries with the keys of all their ranges, in key tiles.
#pragma once

#include <deepgemm/core/math.cuh>
#include <deepgemm/core/traits.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/warp.cuh>
#include <deepgemm/schedule/key_ranges.cuh>

namespace deepgemm {

/// Query tiles of `Queries` queries, at most 32, and key tiles of `Keys` keys. To start a query tile costs a CTA as much as
/// `StartCost` key tiles; this changes how work is shared out, and no result. `Ranges` knows the queries of a tile and their
/// ranges, as key_ranges does. If these are regular, CTAs share out groups of neighbouring query tiles in turn from the front
/// and from the back, so that all have about as many tiles to start where ranges grow from query to query.
template <int Queries, int Keys, int StartCost, class Ranges>
struct ragged_turns {
    static_assert(Queries >= 1 && Queries <= 32, "ragged_tiles: a query tile has 1 to 32 queries");
    static_assert(Keys % 4 == 0 && StartCost >= 0, "ragged_tiles: key tiles are whole groups of four keys");

    /// The key tiles of a query tile. The first starts at key `first`, a multiple of four, where a copy of FP32 may start.
    struct tile_keys {
        i32 first, tiles;
    };
    /// A place between two key tiles of the whole work: before key tile `key_tile` of the query tile that is number `turn` to
    /// be shared out.
    struct boundary {
        i32 turn, key_tile;
    };

    /// Lanes that look at a query tile together, a power of two, and how many tiles a warp looks at.
    static constexpr int lanes = Queries <= 1    ? 1
                                 : Queries <= 2  ? 2
                                 : Queries <= 4  ? 4
                                 : Queries <= 8  ? 8
                                 : Queries <= 16 ? 16
                                                 : 32;
    static constexpr int at_once = 32 / lanes;

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

    /// Any thread: stores a boundary at shared address `to`.
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

    /// The turns of a warp, of which each lane looks at every 32nd query tile by itself. That takes an eighth of the
    /// instructions of turns_by_groups, or less. Lane i has what part i of these turns costs: a single turn if there are at
    /// most 32.
    struct turns_by_lanes {
        i32 first, last, part;  ///< turns of a part, 1 or a multiple of 32
        u32 of_part, up_to;     ///< what part `lane index` costs, and all up to it

        /// Whole warp, number `warp` of `warps` that have `turns` turns.
        DEEPGEMM_DEVICE static turns_by_lanes of(const Ranges& all, i32 turns, i32 warp, i32 warps) {
            const i32 mine = align_up(ceil_div(turns, warps), 32);
            turns_by_lanes made{min(warp * mine, turns), min(warp * mine + mine, turns), 1, 0, 0};
            if (made.first < made.last) made.read(all);
            made.up_to = ptx::inclusive_sum(made.of_part);
            return made;
        }
        DEEPGEMM_DEVICE u32 cost() const { return ptx::shuffle(up_to, 31); }
        /// Whole warp: stores where among these turns, which cost `before` and more, a total of `target` is reached.
        DEEPGEMM_DEVICE void find(const Ranges& all, u32 before, u32 target, u32 to) const {
            const i32 lane = i32(ptx::lane_index());
            if (part == 1) {
                store_if_reached(first + lane, before + up_to - of_part, of_part, target, to);
                return;
            }
            const u32 passed = ptx::count_bits(ptx::ballot(before + up_to <= target));  // parts
            u32 begin = before + (passed > 0 ? ptx::shuffle(up_to, passed - 1) : 0);
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
                of_part = cost_of(all, fetch(all, first + lane), first + lane);
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
                if (round * 32 / part == lane) of_part += cost;
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

    /// What finds the costs of a warp's turns and where a boundary lies among them: a lane looks at a tile by itself if
    /// `Ranges` lets it.
    using turns_of_warp = conditional_t<Ranges::regular, turns_by_lanes, turns_by_groups>;
};

}  // namespace deepgemm
