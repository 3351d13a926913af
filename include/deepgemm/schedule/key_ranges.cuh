// SPDX-License-Identifier: MIT
// Ranges of keys, one for each query, in device memory. schedule/ragged_tiles.cuh shares out the work that they are.
#pragma once

#include <deepgemm/core/math.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/vector.cuh>

namespace deepgemm {

/// Keys from `first` on, up to but without `last`.
struct key_range {
    i32 first = 0, last = 0;

    /// False for the range of a query that does not exist.
    DEEPGEMM_BOTH constexpr bool exists() const { return last >= 0; }
};
/// The range of a query that does not exist. A query without keys has {0, 0}.
inline constexpr key_range no_query{0, -1};

/// The ranges of all queries. A kernel has it as a parameter.
struct key_ranges {
    const i32* first = nullptr;  ///< (queries), device memory
    const i32* last = nullptr;   ///< (queries), device memory
    i32 queries = 0, keys = 0;   ///< how many there are
    i32 longest = 0;             ///< keys of a range that count; those after them do not

    /// Query tiles are neighbours whatever their ranges are, so a lane can look at one by itself.
    static constexpr bool regular = true;

    /// Any thread: the range of query `query`, cut to the keys that there are. {0, 0} if it is empty or inverted, no_query if
    /// there is no such query. There is at least one query. No branch, so that loads of several ranges can overlap.
    DEEPGEMM_DEVICE key_range of(i32 query) const {
        const i32 existing = min(query, queries - 1);
        return cut({ptx::ld_global(first + existing), ptx::ld_global(last + existing)}, query);
    }

    /// Query tiles of `tile_queries` neighbouring queries: how many there are, and the first query of one.
    DEEPGEMM_BOTH i32 tiles(int tile_queries) const { return ceil_div(queries, tile_queries); }
    DEEPGEMM_BOTH static i32 first_of(i32 tile, int tile_queries) { return tile * tile_queries; }
    /// Whole warp: each lane's own range in query tiles `tile` and following, of which each takes `Lanes` lanes.
    template <int Queries, int Lanes>
    DEEPGEMM_DEVICE key_range load(i32 tile) const {
        const i32 lane = i32(ptx::lane_index()), in_tile = lane % Lanes;
        const key_range range = of(first_of(tile + lane / Lanes, Queries) + in_tile);
        return {range.first, in_tile < Queries ? range.last : no_query.last};
    }

    /// Ranges of a query tile as memory has them.
    template <int Queries>
    struct stored {
        i32 first[Queries], last[Queries];
    };
    /// Any thread: all ranges of query tile `tile`, in loads of 16 bytes if they lie so. Where a tile or a query does not exist they
    /// are any others.
    template <int Queries>
    DEEPGEMM_DEVICE stored<Queries> fetch(i32 tile) const {
        stored<Queries> found;
        const i32 query = first_of(tile, Queries);
        const bool aligned = (reinterpret_cast<u64>(first) | reinterpret_cast<u64>(last)) % 16 == 0;
        if (Queries % 4 == 0 && aligned && query + Queries <= queries) {
            DEEPGEMM_UNROLL
            for (int i = 0; i < Queries / 4; ++i) {
                fetch_four(first + query + 4 * i, found.first + 4 * i);
                fetch_four(last + query + 4 * i, found.last + 4 * i);
            }
        } else {
            DEEPGEMM_UNROLL
            for (int i = 0; i < Queries; ++i) {
                const i32 existing = min(query + i, queries - 1);
                found.first[i] = ptx::ld_global(first + existing);
                found.last[i] = ptx::ld_global(last + existing);
            }
        }
        return found;
    }
    /// Any thread: from the first to the last key of query tile `tile`, of what fetch() gave for it; {0, 0} if it has none.
    template <int Queries>
    DEEPGEMM_DEVICE key_range span(const stored<Queries>& found, i32 tile) const {
        constexpr i32 none = 0x7fffffff;
        i32 from = none, to = 0;
        DEEPGEMM_UNROLL
        for (int i = 0; i < Queries; ++i) {
            const key_range range = cut({found.first[i], found.last[i]}, first_of(tile, Queries) + i);
            from = min(from, range.first < range.last ? range.first : none);
            to = max(to, range.last);
        }
        return {from < to ? from : 0, to};
    }

private:
    /// Any thread: the range of query `query` out of what memory has for it.
    DEEPGEMM_DEVICE key_range cut(key_range found, i32 query) const {
        const i32 from = min(max(found.first, 0), keys);
        const i32 to = min(found.last, longest < keys - from ? from + longest : keys);
        const bool none = from >= to || query >= queries;
        return {none ? 0 : from, query >= queries ? no_query.last : none ? 0 : to};
    }
    DEEPGEMM_DEVICE static void fetch_four(const i32* from, i32* to) {
        const auto four = ptx::ld_global(reinterpret_cast<const ptx::vec4<i32>*>(from));
        to[0] = four.x;
        to[1] = four.y;
        to[2] = four.z;
        to[3] = four.w;
    }
};

}  // namespace deepgemm
