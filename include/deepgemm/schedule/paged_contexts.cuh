// SPDX-License-Identifier: MIT
// The keys of each query when these are paged: a query sees the first so many keys of its request, and how many says device
// memory. Queries of one request are neighbours and share its keys, so a query tile has queries of one request only.
#pragma once

#include <deepgemm/core/math.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/warp.cuh>
#include <deepgemm/schedule/key_ranges.cuh>

namespace deepgemm {

/// The contexts of all queries, for ragged_tiles. Requests have `next_n` queries each, or, with `indices`, any number of
/// neighbours with equal indices. A kernel has it as a parameter.
struct paged_contexts {
    const i32* lengths = nullptr;               ///< keys of each query, or of each request; device memory
    const i32* indices = nullptr;               ///< (queries) the request of each query, or null; device memory
    i32 queries = 0, keys = 0;                  ///< how many queries there are, and columns of a row of logits
    i32 longest = 0;                            ///< keys of a context that count, at most `keys`
    bool per_query = false;                     ///< lengths are those of queries
    fast_divider next_n{}, tiles_of_request{};  ///< without indices

    /// The contexts for query tiles of `tile_queries` queries. `next_n` is 1 if there are indices.
    DEEPGEMM_BOTH static constexpr paged_contexts of(const i32* lengths, bool per_query, const i32* indices,
                                                     i32 queries, i32 next_n, i32 keys, i32 longest, int tile_queries) {
        return {lengths,
                indices,
                queries,
                keys,
                longest,
                per_query,
                fast_divider::of(next_n),
                fast_divider::of(ceil_div(next_n, tile_queries))};
    }

    /// Where a query tile starts may depend on its neighbours, so that many lanes must look at them together.
    static constexpr bool regular = false;

    /// With indices a query tile may start at each query, if only at some of them there is one: at every `tile_queries`-th of a
    /// request, and anew at multiples of `window`, so that its start is found near by.
    static constexpr i32 window = 256;

    /// Query tiles, and the first query of one.
    DEEPGEMM_BOTH i32 tiles(int) const {
        return indices ? queries : next_n.divide(queries) * i32(tiles_of_request.divisor);
    }
    DEEPGEMM_BOTH i32 first_of(i32 tile, int tile_queries) const {
        if (indices) return tile;
        const i32 request = tiles_of_request.divide(tile), in_request = tile - request * i32(tiles_of_request.divisor);
        return request * i32(next_n.divisor) + in_request * tile_queries;
    }
    /// What a schedule depends on besides the numbers of queries and keys: the queries of a request, or 0 if indices say.
    DEEPGEMM_BOTH i32 shape() const { return indices ? 0 : i32(next_n.divisor); }
    /// The row of the block table that has the pages of a query tile whose first query is `query`.
    DEEPGEMM_BOTH i32 table_row(i32 query) const { return indices ? query : next_n.divide(query); }

    /// Whole warp: each lane's own range in query tiles `tile` and following, of which each takes `Lanes` lanes.
    template <int Queries, int Lanes>
    DEEPGEMM_DEVICE key_range load(i32 tile) const {
        const i32 lane = i32(ptx::lane_index()), in_tile = lane % Lanes, mine = tile + lane / Lanes;
        const i32 query = first_of(mine, Queries) + in_tile;
        bool exists = in_tile < Queries && query < queries;
        if (Queries > 1 && indices) {
            const i32 starts = start_of_request(tile);
            const i32 start = ptx::shuffle(starts, u32(lane / Lanes)), own = ptx::shuffle(starts, u32(query - tile));
            exists = exists && start == own && (mine - start) % Queries == 0;
        } else if (!indices) {
            exists = exists && next_n.divide(query) == tiles_of_request.divide(mine);
        }
        const i32 existing = min(query, queries - 1);
        const i32 at = per_query ? existing : next_n.divide(existing);
        const i32 length = min(max(ptx::ld_global(lengths + at), 0), longest);
        return {0, exists ? length : no_query.last};
    }

private:
    /// True if a request starts at a query, or a window does.
    DEEPGEMM_DEVICE bool starts(i32 query) const {
        if (query % window == 0 || query >= queries) return true;
        return ptx::ld_global(indices + query) != ptx::ld_global(indices + query - 1);
    }
    /// Whole warp: where the request of query `first` + lane index starts, but not before its window.
    DEEPGEMM_DEVICE i32 start_of_request(i32 first) const {
        const i32 lane = i32(ptx::lane_index());
        i32 found = starts(first + lane) ? first + lane : -1;
        DEEPGEMM_NO_UNROLL  // since there are many copies of this, for a rare case
            for (u32 delta = 1; delta < 32; delta *= 2) found = max(found, ptx::shuffle_up(found, delta));
        i32 before = ptx::shuffle(found, 0);
        DEEPGEMM_NO_UNROLL
        for (i32 from = first - 32; before < 0; from -= 32) {
            const i32 query = from + lane;
            before = i32(ptx::reduce_max(query >= 0 && starts(query) ? u32(query + 1) : 0)) - 1;
        }
        return max(found, before);
    }
};

}  // namespace deepgemm
