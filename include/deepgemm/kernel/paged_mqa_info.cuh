// SPDX-License-Identifier: MIT
// A kernel for the scores of a lightning indexer whose keys are paged, as plain values: what it computes, how, and of which
// tensors. paged_mqa_logits.cuh is the kernel.
#pragma once

#include <deepgemm/kernel/mqa_info.cuh>

namespace deepgemm {

/// What a kernel computes that stores its scores as logits. Kernels with equal traits can replace each other.
struct paged_mqa_traits {
    stored_mqa_traits stored{};
    int block = 64;  ///< keys of a page: 32, 64 or 128
    DEEPGEMM_BOTH friend constexpr bool operator==(const paged_mqa_traits&, const paged_mqa_traits&) = default;
};
template <>
struct fields_of<paged_mqa_traits> {
    static constexpr const char* name = "paged_mqa_traits";
    static constexpr auto all = field_list{field{"stored", &paged_mqa_traits::stored, by_default::written},
                                           field{"block", &paged_mqa_traits::block}};
};

/// How it computes them, for any number of queries of a request: keys pass once for as many queries as there are in all query
/// groups. This changes its speed and no result, but for `queries` where heads are an odd multiple of four: of neighbouring
/// queries the last bits of scores may differ then.
struct paged_mqa_config {
    int queries = 1;       ///< of a math warpgroup at a time, with at most 256 heads together
    int query_groups = 1;  ///< of math warpgroups, each with other queries of the same request; 1 to 4
    /// Math warpgroups of each query group, which take turns at its keys; 0: as many as make three or four in all.
    int key_groups = 0;
    int keys = 64;       ///< of a slot: 64 or 128
    int stages = 0;      ///< slots in flight; a multiple of key groups. 0: what fits into 96 KB, at most 24
    int added = 2;       ///< of four groups of columns, those that take relu(x) as (x + |x|) / 2
    int start_cost = 1;  ///< of a query tile, in slots, for sharing out the work
    DEEPGEMM_BOTH friend constexpr bool operator==(const paged_mqa_config&, const paged_mqa_config&) = default;

    /// Queries for which keys pass once.
    DEEPGEMM_BOTH constexpr int tile_queries() const { return queries * query_groups; }
    /// The same with key groups settled. The number of stages follows from the kernel's shared memory.
    DEEPGEMM_BOTH constexpr paged_mqa_config settled() const {
        paged_mqa_config made = *this;
        if (key_groups == 0) made.key_groups = query_groups == 1 ? 3 : query_groups == 2 ? 2 : 1;
        return made;
    }
    /// The same with so many stages.
    DEEPGEMM_BOTH constexpr paged_mqa_config with_stages(int count) const {
        paged_mqa_config made = *this;
        made.stages = count;
        return made;
    }

    /// One for requests of `next_n` queries of `heads` heads: keys pass as rarely as four groups of 128 columns allow, and as
    /// few columns as possible belong to no query. Where instructions bind, slots are larger, since each costs some of its own.
    DEEPGEMM_BOTH static constexpr paged_mqa_config of(int heads, int next_n) {
        const int widest = min(8, 128 / heads), passes = ceil_div(next_n, 4 * widest),
                  wanted = int(ceil_div(i64(next_n), i64(passes)));
        paged_mqa_config best{.queries = widest, .query_groups = 4};
        for (int groups = 4; groups >= 1; --groups) {
            const paged_mqa_config made{.queries = ceil_div(wanted, groups), .query_groups = groups};
            if (made.queries <= widest && made.tile_queries() <= best.tile_queries()) best = made;
        }
        if (best.tile_queries() * heads >= 256) best.keys = 128;
        return best;
    }
};
template <>
struct fields_of<paged_mqa_config> {
    static constexpr const char* name = "paged_mqa_config";
    static constexpr auto all = field_list{field{"queries", &paged_mqa_config::queries},
                                           field{"query_groups", &paged_mqa_config::query_groups},
                                           field{"key_groups", &paged_mqa_config::key_groups, by_default::open},
                                           field{"keys", &paged_mqa_config::keys},
                                           field{"stages", &paged_mqa_config::stages, by_default::open},
                                           field{"added", &paged_mqa_config::added},
                                           field{"start_cost", &paged_mqa_config::start_cost}};
};

/// The tensors of a launch, in device memory, or in host memory for the simulator. Lengths are in elements. Query i of request
/// r is row r * next_n + i of all that is of queries.
struct paged_mqa_tensors {
    i32 requests = 0, next_n = 1;   ///< next_n: queries of a request
    i32 pages = 0;                  ///< of the cache
    i32 columns = 0;                ///< of a row of logits
    i32 longest = 0;                ///< keys of a context that count, at most `columns`
    const void* q = nullptr;        ///< E4M3 (requests, next_n, heads, depth), contiguous, 16-byte aligned
    const void* cache = nullptr;    ///< pages: E4M3 (block, depth), then FP32 scales (block); 16-byte aligned
    i64 page_bytes = 0;             ///< from one page to the next, a multiple of 16
    const void* weights = nullptr;  ///< (queries, heads), rows `weights_pitch` apart, aligned to an element
    i64 weights_pitch = 0;
    const i32* lengths = nullptr;  ///< keys of each request, or of each query. Below 0 counts as 0
    bool per_query = false;        ///< lengths are those of queries
    const i32* indices = nullptr;  ///< (queries) or null: neighbours with equal indices are one request; next_n is 1
    const i32* table = nullptr;    ///< (requests, at least ceil(longest / block)): the pages of a request, in order
    i64 table_pitch = 0;
    i32* schedule = nullptr;  ///< null, or ragged_tiles::schedule_words(CTAs) words; 16-byte aligned
    i64 schedule_words = 0;   ///< of `schedule`; a launch with a schedule has no more CTAs than fit
    /// The launch writes the schedule and nothing else, and reads lengths and indices only.
    bool makes_schedule = false;
};

/// What a kernel is launched with. `Out` are the arguments of its sink.
template <class Out>
struct paged_mqa_arguments {
    paged_mqa_tensors in{};
    Out out{};
};

}  // namespace deepgemm
