// SPDX-License-Identifier: MIT
// Scores of a lightning indexer on Hopper where keys are paged, as they are during decoding: for query i and each key j of its
// request
//     score(i, j) = scale(j) * sum over heads h of relu(dot(q(i, h), key(j))) * weight(i, h),
// q and keys in FP8, sums in FP32. Few queries see many keys, so keys pass as fast as DRAM gives them: a CTA takes a contiguous
// range of the keys of all requests, and one warp copies them page by page, with the block table read ahead. Slots of keys
// go round among math warpgroups: each query group of them has queries of its own and sees all slots, and its key groups take
// turns at these. Each key group has a ring of its own.
#pragma once

#include <deepgemm/core/arch.cuh>
#include <deepgemm/epilogue/head_sums.cuh>
#include <deepgemm/epilogue/store_logits.cuh>
#include <deepgemm/kernel/kernel.cuh>
#include <deepgemm/kernel/mqa_queries.cuh>
#include <deepgemm/kernel/mqa_scorer.cuh>
#include <deepgemm/kernel/paged_mqa_info.cuh>
#include <deepgemm/mma/sm90/wgmma.cuh>
#include <deepgemm/pipeline/storage.cuh>
#include <deepgemm/pipeline/tma_pipeline.cuh>
#include <deepgemm/ptx/grid_dependency.cuh>
#include <deepgemm/ptx/tma.cuh>
#include <deepgemm/schedule/paged_contexts.cuh>
#include <deepgemm/schedule/ragged_tiles.cuh>

namespace deepgemm {

/// The kernel on `Arch`, sm90, for pages of `Block` keys. `Sink` takes the scores.
template <class Arch, mqa_logits_traits Traits, int Block, score_sink Sink,
          paged_mqa_config Config = paged_mqa_config{}>
struct paged_mqa_logits {
    static_assert(same_as<Arch, arch::sm90>, "paged_mqa_logits: the kernel is for Hopper");
    static_assert(Traits.depth == 32 || Traits.depth == 64 || Traits.depth == 128,
                  "paged_mqa_logits: depth must be 32, 64 or 128");
    static_assert(Traits.heads >= 4 && Traits.heads <= 128 && Traits.heads % 4 == 0,
                  "paged_mqa_logits: heads must be a multiple of 4 from 4 to 128");
    static_assert(Traits.weights == dtype::f32 || Traits.weights == dtype::bf16 || Traits.weights == dtype::f16,
                  "paged_mqa_logits: weights must be f32, bf16 or f16");
    static_assert(Block == 32 || Block == 64 || Block == 128, "paged_mqa_logits: a page must have 32, 64 or 128 keys");
    static_assert(Config.query_groups >= 1 && Config.key_groups >= 0,
                  "paged_mqa_logits: query_groups must be at least 1, and key_groups, too, or 0");
    static_assert(Config.keys == 64 || Config.keys == 128, "paged_mqa_logits: keys must be 64 or 128");

    static constexpr mqa_logits_traits traits = Traits;
    static constexpr int block = Block;
    using sink = Sink;
    static constexpr paged_mqa_config settled = Config.settled();
    static constexpr int queries = settled.queries, query_groups = settled.query_groups,
                         key_groups = settled.key_groups, warpgroups = query_groups * key_groups;
    static_assert(warpgroups <= 4,
                  "paged_mqa_logits: there are at most 4 math warpgroups, query groups times key groups");
    using weight = mqa_element<Traits.weights>;
    using sums = head_sums<Traits.heads, queries, Config.added>;
    using reduction = typename sums::by_shuffles;
    using query_tile = operand_tile<e4m3, sums::columns, Traits.depth>;  ///< of one query group
    using key_tile = operand_tile<e4m3, Config.keys, Traits.depth>;      ///< a slot
    using mma = sm90::wgmma<e4m3, e4m3, sums::columns, major::k, major::k, Traits.depth>;
    using tiles = ragged_tiles<queries * query_groups, key_tile::rows, Config.start_cost, paged_contexts>;
    using cta = mqa_roles<warpgroups>;
    static constexpr int query_stages = mqa_query_stages;
    static constexpr i32 long_run = 0;         ///< queries wait for no others
    static constexpr bool has_filler = false;  ///< filler warps store
    /// Keys that a copy brings, of one page; and how many copies fill a slot.
    static constexpr int copied = min(Block, int(key_tile::rows)), copies = key_tile::rows / copied;

    struct keys_region {};
    struct scales_region {};
    struct key_barriers {};
    struct query_barriers {};
    using layout = smem_regions<region<keys_region, key_tile::bytes, each_stage, 1024>,
                                region<mqa_regions::queries, query_tile::bytes, query_stages * query_groups, 1024>,
                                region<scales_region, key_tile::rows * 4, each_stage, 128>,
                                region<mqa_regions::weights, sums::columns * 4, query_stages * query_groups>,
                                region<mqa_regions::run, 16 + 8 * u32(tiles::queries), query_stages>,
                                region<mqa_regions::shares, tiles::bytes(cta::warps)>,
                                region<query_barriers, 16 * query_stages>, region<key_barriers, 16, each_stage>>;
    static constexpr int most_stages = min(24, int(98304 / key_tile::bytes));
    static constexpr int stages =
        Config.stages ? Config.stages
                      : layout::stages_that_fit(Arch::smem_bytes, most_stages) / key_groups * key_groups;
    static_assert(stages % key_groups == 0, "paged_mqa_logits: stages must be a multiple of key groups");
    static_assert(layout::bytes(stages) <= Arch::smem_bytes,
                  "paged_mqa_logits: the stages need more than 232448 bytes of shared memory");
    /// The configuration with all that was left open.
    static constexpr paged_mqa_config config = settled.with_stages(stages);
    static constexpr int in_ring = stages / key_groups;  ///< slots of a ring, side by side
    using key_ring = tma_pipeline<in_ring, 4 * query_groups, cluster_shape{}>;
    using query_ring = mqa_query_ring<warpgroups>;

    using arguments = paged_mqa_arguments<typename Sink::arguments>;
    static constexpr launch_info launch{
        .arch = Arch::number, .threads = u32(cta::threads), .smem_bytes = layout::bytes(stages)};
    static constexpr int map_count = 2;

    struct params {
        tensor_map q, key;
        const u8* scales;  ///< of page 0
        i64 page_bytes;
        i32 pages;
        const i32* table;
        i64 table_pitch;
        const weight* weights;
        i64 weights_pitch;
        paged_contexts ranges;
        i32* schedule;
        bool makes_schedule;
        typename Sink::arguments out;
    };

    DEEPGEMM_BOTH static constexpr void tensor_maps(const arguments& args, tensor_map_request (&maps)[map_count]) {
        const auto& in = args.in;
        // Who makes a schedule may not have queries and keys yet, and the cache may have no pages. A map reads nothing, but its
        // address must not be null.
        const void* const q = in.makes_schedule ? in.schedule : in.q;
        const void* const cache = in.makes_schedule || in.pages == 0 ? q : in.cache;
        maps[0] = query_tile::map(q, i64(in.requests) * in.next_n * Traits.heads, Traits.depth, Traits.depth,
                                  queries * Traits.heads);
        maps[1] =
            stack_map(key_tile::map(cache, Block, Traits.depth, Traits.depth, copied), max(in.pages, 1), in.page_bytes);
    }
    DEEPGEMM_BOTH static constexpr params make_params(const arguments& args, const tensor_map (&maps)[map_count]) {
        const auto& in = args.in;
        return {.q = maps[0],
                .key = maps[1],
                .scales = static_cast<const u8*>(in.cache) + (in.cache ? Block * Traits.depth : 0),
                .page_bytes = in.page_bytes,
                .pages = in.pages,
                .table = in.table,
                .table_pitch = in.table_pitch,
                .weights = static_cast<const weight*>(in.weights),
                .weights_pitch = in.weights_pitch,
                .ranges = paged_contexts::of(in.lengths, in.per_query, in.indices, in.requests * in.next_n, in.next_n,
                                             in.columns, max(min(Sink::longest(args.out, in.longest), in.longest), 0),
                                             tiles::queries),
                .schedule = in.schedule,
                .makes_schedule = in.makes_schedule,
                .out = args.out};
    }
    /// All multiprocessors, since only the device knows how much there is to do, if the schedule has room for them; none
    /// without queries or without columns.
    DEEPGEMM_BOTH static constexpr int grid(const arguments& args, int num_sms) {
        const auto& in = args.in;
        if (in.requests == 0 || in.columns == 0) return 0;
        return in.schedule != nullptr ? int(min(i64(num_sms), tiles::ctas_of(in.schedule_words))) : num_sms;
    }

    /// Shared address of a region, or of one of its items.
    template <class Region>
    DEEPGEMM_DEVICE static u32 place(u32 smem, u32 item = 0) {
        return layout::template address_of<Region, stages>(smem, item);
    }

    /// The kernel body; called by every thread.
    DEEPGEMM_DEVICE static void run(const params& p) {
        if (ptx::warp_index() == 0 && ptx::elect_one()) {  // before the work is shared out, which takes some time
            ptx::prefetch_tensor_map(p.key);
            ptx::prefetch_tensor_map(p.q);
        }
        const u32 smem = ptx::dynamic_smem();
        const query_ring query_pipe{place<query_barriers>(smem), {0}};
        if (ptx::thread_index() == 0) {
            query_pipe.initialise();
            for (u32 group = 0; group < u32(key_groups); ++group) ring_of(smem, group).initialise();
        }
        common::clear_padding(smem);
        if (!p.makes_schedule && ptx::warp_index() == u32(cta::threads) / 32 - 1) prefetch_first(p);
        ptx::grid_dependency_wait();
        const u32 found = place<mqa_regions::shares>(smem);
        const bool given =
            p.schedule != nullptr && !p.makes_schedule && tiles::load_schedule(p.ranges, p.schedule, found);
        if (!given) tiles::share(p.ranges, found);
        if (p.makes_schedule) {
            tiles::store_schedule(p.ranges, p.schedule, found);
            return;
        }
        ptx::role(cta::text_of(ptx::warp_index()));
        if (cta::is(roles::math{})) {
            cta::share_registers(roles::math{});
            score(p, smem, query_pipe, cta::warpgroup(roles::math{}));
        } else {
            cta::share_registers(roles::load_keys{});
            if (cta::plays(roles::load_keys{}, ptx::warp_index())) {
                load_keys(p, smem);
            } else if (cta::plays(roles::load_queries{}, ptx::warp_index())) {
                common::load_queries(p, smem, query_pipe);
            } else if constexpr (Sink::fills_outside) {
                common::fill(p, smem, cta::warp(roles::fill{}));
            }
        }
    }

private:
    using common = mqa_queries<paged_mqa_logits>;
    using scorer = mqa_scorer<paged_mqa_logits>;
    using run_of_keys = typename tiles::run;

    /// The ring of key group `group`.
    DEEPGEMM_DEVICE static key_ring ring_of(u32 smem, u32 group) {
        return {place<key_barriers>(smem) + group * key_ring::barrier_bytes, {0}};
    }

    /// Whole warp: brings to L2 what CTAs wait for one after the other before they load keys: lengths, and rows of the block
    /// table. Each CTA asks for 32 lines.
    DEEPGEMM_DEVICE static void prefetch_first(const params& p) {
        constexpr i32 in_line = 32, in_sector = 8;  // words
        const i32 requests = p.ranges.table_row(p.ranges.queries), cta = i32(ptx::cta_index());
        if (i64(cta) * in_sector < requests) ptx::prefetch_l2(p.ranges.lengths + cta * in_sector);
        const i32 lines = ceil_div(ceil_div(p.ranges.longest, Block), in_line);  // of a row of the table
        const i32 line = i32(ptx::lane_index() * ptx::cta_count()) + cta;
        if (lines > 0 && line / lines < requests)
            ptx::prefetch_l2(p.table + (line / lines * p.table_pitch + line % lines * in_line));
    }

    /// Whole warp: keys of the query tile of a run.
    DEEPGEMM_DEVICE static i32 keys_of(const run_of_keys& now) {
        return i32(ptx::reduce_max(u32(max(now.mine.last, 0))));
    }
    /// Any thread: the page of copy `copy` of a run whose query tile has `keys` keys; of those after its last key that of the
    /// last key. So no entry is read that has no meaning.
    DEEPGEMM_DEVICE static i32 page_of(const params& p, const run_of_keys& now, i32 keys, i32 copy) {
        const i32 entry = min(now.key + copy * copied, keys - 1) / Block;
        return ptx::ld_global(p.table + (p.ranges.table_row(now.query) * p.table_pitch + entry));
    }

    /// Producer of keys: each lane has the page of one of 32 copies, and loads that of another 32 copies ahead.
    DEEPGEMM_DEVICE static void load_keys(const params& p, u32 smem) {
        const i32 lane = i32(ptx::lane_index());
        const bool issues = ptx::elect_one();
        typename key_ring::cursor at;
        u32 group = 0;  // whose slot is next
        i32 keys = 0, pages = 0;
        run_of_keys now{}, next{};  // at first without tiles
        typename tiles::runs work(p.ranges, place<mqa_regions::shares>(smem));
        for (bool more = true; more;) {
            more = work.next(next);
            const i32 keys_of_next = more ? keys_of(next) : 0;
            const i32 pages_of_next = more ? page_of(p, next, keys_of_next, lane) : 0;
            const i32 all = now.tiles * copies;
            for (i32 from = 0; from < all; from += 32) {
                const i32 ahead = from + 32 < all ? page_of(p, now, keys, from + 32 + lane) : 0;
                const i32 end = min(from + 32, all);
                DEEPGEMM_NO_UNROLL
                for (i32 copy = from; copy < end; copy += copies) {
                    i32 page[copies];
                    DEEPGEMM_UNROLL
                    for (int i = 0; i < copies; ++i) page[i] = ptx::shuffle(pages, u32(copy - from + i));
                    if (issues) load_slot(p, smem, group, at, page, now.key + copy * copied);
                    if (++group == u32(key_groups)) {
                        group = 0;
                        at.advance();
                    }
                }
                ptx::sync_warp();
                pages = ahead;
            }
            now = next;
            keys = keys_of_next;
            pages = pages_of_next;
        }
        ptx::grid_dependency_trigger();
    }

    /// One thread: fills the next slot of key group `group` from pages, with keys from `key` on.
    DEEPGEMM_DEVICE static void load_slot(const params& p, u32 smem, u32 group, typename key_ring::cursor at,
                                          const i32 (&page)[copies], i32 key) {
        constexpr u32 key_bytes = u32(copied) * key_tile::bytes_per_row, scale_bytes = u32(copied) * 4;
        const key_ring pipe = ring_of(smem, group);
        const u32 slot = group * u32(in_ring) + at.stage, full = pipe.acquire(at);
        pipe.commit(at, copies * (key_bytes + scale_bytes));
        const i32 row = Block > int(key_tile::rows) ? key % Block : 0;
        DEEPGEMM_UNROLL
        for (u32 i = 0; i < u32(copies); ++i) {
            if (ptx::checks_promises && u32(page[i]) >= u32(p.pages))
                ptx::trap("the block table names page %d, but the cache has %d pages", page[i], p.pages);
            const u8* const scales = p.scales + (page[i] * p.page_bytes + row * 4);
            ptx::tma_load<3>(p.key, place<keys_region>(smem, slot) + i * key_bytes, full, {0, row, page[i]});
            ptx::bulk_load(place<scales_region>(smem, slot) + i * scale_bytes, scales, scale_bytes, full);
        }
    }

    /// Math warps: for each run those slots at which it is the turn of their key group.
    DEEPGEMM_DEVICE static void score(const params& p, u32 smem, const query_ring& query_pipe, u32 warpgroup) {
        const u32 query_group = warpgroup % query_groups, key_group = warpgroup / query_groups;
        const key_ring key_pipe = ring_of(smem, key_group);
        typename query_ring::cursor query_at;
        typename key_ring::cursor at;
        const u32 row = scorer::row(), first_slot = key_group * in_ring;
        const u32 scales = place<scales_region>(smem, first_slot) + row * 4;
        scorer with{.heads = {},
                    .keys = sm90::uniform_descriptor_of<key_tile>(place<keys_region>(smem, first_slot)),
                    .between_lanes = {}};
        i32 skipped = i32(key_group);  // slots before this key group's next one
        while (true) {
            query_pipe.wait(query_at);
            const u32 words = place<mqa_regions::run>(smem, query_at.stage);
            const u32 mine = query_at.stage * query_groups + query_group;
            const i32 slots = i32(ptx::uniform(ptx::ld_shared<u32>(words + 8)));
            if (slots == 0) break;
            with.heads.load(place<mqa_regions::weights>(smem, mine));
            const i32 first = ptx::ld_shared<i32>(words + 4) + skipped * key_tile::rows;
            auto scores = common::open(p, words, query_group, first + i32(row));
            const u64 q = sm90::uniform_descriptor_of<query_tile>(place<mqa_regions::queries>(smem, mine));
            for (; skipped < slots; skipped += key_groups) {
                key_pipe.wait(at);
                DEEPGEMM_UNROLL
                for (u32 ahead = 0; ahead < u32(key_tile::rows); ahead += mma::m) {
                    typename mma::accumulator dots;
                    const float scale = with.multiply(q, scales, at.stage, ahead, dots);
                    if (ahead + mma::m == u32(key_tile::rows)) key_pipe.release(at);
                    float score[sums::results];
                    with.reduce(dots, scale, score);
                    scores.take(i32(ahead), score);
                }
                scores.advance(key_groups * key_tile::rows);
                at.advance();
            }
            skipped -= slots;
            query_pipe.release_by_lanes(query_at);
            query_at.advance();
        }
    }
};

}  // namespace deepgemm
