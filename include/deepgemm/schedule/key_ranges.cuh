// SPDX-License-Identifier: MIT
// Ranges of keys, one for each query, in device memory. schedule/ragged_tiles.cuh shares out the work that they are.
#pragma once

#include <deepgemm/core/math.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/thread.cuh>

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

    /// Any thread: the range of query `query` as memory has it. There is at least one query. No branch, so that loads of several
    /// ranges can overlap.
    DEEPGEMM_DEVICE key_range fetch(i32 query) const {
        const i32 existing = min(query, queries - 1);
        return {ptx::ld_global(first + existing), ptx::ld_global(last + existing)};
    }
    /// Any thread: what fetch() gave for query `query`, cut to the keys that there are. {0, 0} if it is empty or inverted, no_query
    /// if there is no such query.
    DEEPGEMM_DEVICE key_range cut(key_range fetched, i32 query) const {
        const i32 from = min(max(fetched.first, 0), keys);
        const i32 to = min(fetched.last, longest < keys - from ? from + longest : keys);
        const bool none = from >= to || query >= queries;
        return {none ? 0 : from, query >= queries ? no_query.last : none ? 0 : to};
    }

    /// Query tiles of `tile_queries` neighbouring queries: how many there are, and the first query of one.
    DEEPGEMM_BOTH i32 tiles(int tile_queries) const { return ceil_div(queries, tile_queries); }
    DEEPGEMM_BOTH static i32 first_of(i32 tile, int tile_queries) { return tile * tile_queries; }
    /// Whole warp: each lane's own range in query tiles `tile` and following, of which each takes `Lanes` lanes: as memory has it,
    /// and cut. Loads are under way between the two.
    template <int Queries, int Lanes>
    DEEPGEMM_DEVICE key_range fetch(i32 tile) const {
        return fetch(query_of<Queries, Lanes>(tile));
    }
    template <int Queries, int Lanes>
    DEEPGEMM_DEVICE key_range cut(key_range fetched, i32 tile) const {
        const key_range range = cut(fetched, query_of<Queries, Lanes>(tile));
        return {range.first, i32(ptx::lane_index()) % Lanes < Queries ? range.last : no_query.last};
    }

private:
    template <int Queries, int Lanes>
    DEEPGEMM_DEVICE static i32 query_of(i32 tile) {
        const i32 lane = i32(ptx::lane_index());
        return first_of(tile + lane / Lanes, Queries) + lane % Lanes;
    }
};

}  // namespace deepgemm
