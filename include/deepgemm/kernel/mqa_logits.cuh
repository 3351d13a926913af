// SPDX-License-Identifier: MIT
// Scores of a lightning indexer on Hopper: for query i and each key j of its range
//     score(i, j) = scale(j) * sum over heads h of relu(dot(q(i, h), key(j))) * weight(i, h),
// q and keys in FP8, sums in FP32. Keys are the rows of the multiply; its columns are the heads of a few queries, which stay
// while all keys of their ranges pass. Each math warpgroup has queries of its own and sees all keys, so a key tile comes from
// L2 once for all of them. Ranges are ragged, so the CTAs share the key tiles out among themselves. A sink takes the scores.
#pragma once

#include <deepgemm/core/arch.cuh>
#include <deepgemm/epilogue/head_sums.cuh>
#include <deepgemm/epilogue/store_logits.cuh>
#include <deepgemm/kernel/kernel.cuh>
#include <deepgemm/kernel/mqa_info.cuh>
#include <deepgemm/kernel/mqa_queries.cuh>
#include <deepgemm/kernel/mqa_scorer.cuh>
#include <deepgemm/mma/sm90/wgmma.cuh>
#include <deepgemm/pipeline/storage.cuh>
#include <deepgemm/pipeline/tma_pipeline.cuh>
#include <deepgemm/ptx/grid_dependency.cuh>
#include <deepgemm/ptx/tma.cuh>
#include <deepgemm/schedule/key_ranges.cuh>
#include <deepgemm/schedule/ragged_tiles.cuh>

namespace deepgemm {

/// The kernel on `Arch`, sm90. `Sink` takes the scores.
template <class Arch, mqa_logits_traits Traits, score_sink Sink, mqa_logits_config Config = mqa_logits_config{}>
struct mqa_logits {
    static_assert(same_as<Arch, arch::sm90>, "mqa_logits: the kernel is for Hopper");
    static_assert(Traits.depth == 32 || Traits.depth == 64 || Traits.depth == 128,
                  "mqa_logits: depth must be 32, 64 or 128");
    static_assert(Traits.heads >= 4 && Traits.heads <= 128 && Traits.heads % 4 == 0,
                  "mqa_logits: heads must be a multiple of 4 from 4 to 128");
    static_assert(Traits.weights == dtype::f32 || Traits.weights == dtype::bf16 || Traits.weights == dtype::f16,
                  "mqa_logits: weights must be f32, bf16 or f16");
    static_assert(Config.keys >= 0 && Config.keys <= 256 && Config.keys % 64 == 0,
                  "mqa_logits: keys must be 64, 128, 192 or 256, or 0");
    static_assert(Config.warpgroups >= 0 && Config.warpgroups <= 4, "mqa_logits: warpgroups must be from 1 to 4, or 0");

    static constexpr mqa_logits_traits traits = Traits;
    using sink = Sink;
    static constexpr mqa_logits_config settled = Config.settled(Traits);
    static constexpr int warpgroups = settled.warpgroups, queries = settled.queries, key_rows = settled.keys;
    using weight = mqa_element<Traits.weights>;
    using sums = head_sums<Traits.heads, queries, Config.added, queries >= 4 ? 1 : 2>;
    using reduction = conditional_t<settled.reduce_in_smem, typename sums::in_smem, typename sums::by_shuffles>;
    static_assert(!settled.reduce_in_smem || sums::in_smem::possible,
                  "mqa_logits: reduce_in_smem needs a multiple of four queries, and of eight heads");
    using query_tile = operand_tile<e4m3, sums::columns, Traits.depth>;  ///< of one warpgroup
    using key_tile = operand_tile<e4m3, key_rows, Traits.depth>;
    using mma = sm90::wgmma<e4m3, e4m3, sums::columns, major::k, major::k, Traits.depth>;
    /// Shared out by blocks of 64 keys.
    using tiles = ragged_tiles<queries * warpgroups, mma::m, Config.start_cost>;
    using cta = mqa_roles<warpgroups>;
    static constexpr i32 blocks = key_rows / mma::m;  ///< of a key tile

    static constexpr int query_groups = warpgroups;  ///< each has queries of its own
    static constexpr i32 long_run = 8;               ///< blocks of a first run from which on second queries wait
    static constexpr bool has_filler = filler_bytes<Sink>() != 0;
    static constexpr u32 run_bytes = 16 + 8 * queries * query_groups;
    static constexpr int query_stages = mqa_query_stages;

    struct keys_region {};
    struct scales_region {};
    struct key_barriers {};
    struct reduction_region {};
    struct query_barriers {};
    using layout = smem_regions<region<keys_region, key_tile::bytes, each_stage, 1024>,
                                region<mqa_regions::queries, query_tile::bytes, query_stages * warpgroups, 1024>,
                                region<scales_region, key_rows * 4, each_stage, 128>,
                                region<mqa_regions::weights, sums::columns * 4, query_stages * warpgroups>,
                                region<reduction_region, reduction::bytes, 4 * warpgroups, 128>,
                                region<mqa_regions::filler, filler_bytes<Sink>(), cta::warps_of(roles::fill{}), 128>,
                                region<mqa_regions::run, run_bytes, query_stages>,
                                region<mqa_regions::shares, tiles::bytes(cta::warps)>,
                                region<query_barriers, 16 * query_stages>, region<key_barriers, 16, each_stage>>;
    static constexpr int stages = Config.stages ? Config.stages : layout::stages_that_fit(Arch::smem_bytes, 8);
    /// The configuration with all that was left open.
    static constexpr mqa_logits_config config = settled.with_stages(stages);
    static_assert(layout::bytes(stages) <= Arch::smem_bytes,
                  "mqa_logits: the stages need more than 232448 bytes of shared memory");
    using key_ring = tma_pipeline<stages, cta::warps_of(roles::math{}), cluster_shape{}>;
    using query_ring = mqa_query_ring<warpgroups>;

    using arguments = mqa_logits_arguments<typename Sink::arguments>;
    static constexpr launch_info launch{
        .arch = Arch::number, .threads = u32(cta::threads), .smem_bytes = layout::bytes(stages)};
    static constexpr int map_count = 3;

    struct params {
        tensor_map q, key, scale;
        const weight* weights;
        i64 weights_pitch;
        key_ranges ranges;
        typename Sink::arguments out;
    };

    DEEPGEMM_BOTH static constexpr void tensor_maps(const arguments& args, tensor_map_request (&maps)[map_count]) {
        const auto& in = args.in;
        maps[0] =
            query_tile::map(in.q, i64(in.queries) * Traits.heads, Traits.depth, Traits.depth, queries * Traits.heads);
        maps[1] = key_tile::map(in.key, in.keys, Traits.depth, in.key_pitch, key_rows);
        maps[2] = matrix_map(in.scale, dtype::f32, 1, in.keys, align_up(i64(in.keys), i64(4)) * 4, 1, key_rows,
                             swizzle_mode::none);
    }
    DEEPGEMM_BOTH static constexpr params make_params(const arguments& args, const tensor_map (&maps)[map_count]) {
        const auto& in = args.in;
        return {maps[0],          maps[1],
                maps[2],          static_cast<const weight*>(in.weights),
                in.weights_pitch, {in.first, in.last, in.queries, in.keys, Sink::longest(args.out, in.keys)},
                args.out};
    }
    /// All multiprocessors, since only the device knows how much there is to do; none without queries or without keys.
    DEEPGEMM_BOTH static constexpr int grid(const arguments& args, int num_sms) {
        return args.in.queries == 0 || args.in.keys == 0 ? 0 : num_sms;
    }

    /// Shared address of a region, or of one of its items.
    template <class Region>
    DEEPGEMM_DEVICE static u32 place(u32 smem, u32 item = 0) {
        return layout::template address_of<Region, stages>(smem, item);
    }

    /// The kernel body; called by every thread.
    DEEPGEMM_DEVICE static void run(const params& p) {
        if (ptx::warp_index() == 0 && ptx::elect_one()) {  // before the ranges are read, which takes some time
            ptx::prefetch_tensor_map(p.key);
            ptx::prefetch_tensor_map(p.scale);
            ptx::prefetch_tensor_map(p.q);
        }
        const u32 smem = ptx::dynamic_smem();
        const query_ring query_pipe{place<query_barriers>(smem), {0}};
        const key_ring key_pipe{place<key_barriers>(smem), {0}};
        if (ptx::thread_index() == 0) {
            query_pipe.initialise();
            key_pipe.initialise();
        }
        common::clear_padding(smem);
        ptx::grid_dependency_wait();
        tiles::share(p.ranges, place<mqa_regions::shares>(smem), [&] { prefetch(p); });
        ptx::role(cta::text_of(ptx::warp_index()));
        if (cta::is(roles::math{})) {
            cta::share_registers(roles::math{});
            score(p, smem, query_pipe, key_pipe, cta::warpgroup(roles::math{}));
        } else {
            cta::share_registers(roles::load_keys{});
            if (cta::plays(roles::load_keys{}, ptx::warp_index())) {
                load_keys(p, smem, key_pipe, query_pipe);
            } else if (cta::plays(roles::load_queries{}, ptx::warp_index())) {
                common::load_queries(p, smem, query_pipe);
            } else if constexpr (Sink::fills_outside) {
                common::fill(p, smem, cta::warp(roles::fill{}));
            }
        }
    }

private:
    using common = mqa_queries<mqa_logits>;
    using scorer = mqa_scorer<mqa_logits>;

    /// All threads: one of them brings to L2 the queries that the CTA probably starts with, and a key tile, each CTA another
    /// one.
    DEEPGEMM_DEVICE static void prefetch(const params& p) {
        if (ptx::warp_index() != u32(cta::warps - 1) || !ptx::elect_one()) return;
        const i32 query = key_ranges::first_of(tiles::likely_first(p.ranges), tiles::queries),
                  key = i32(ptx::cta_index()) * key_rows;
        if (query < p.ranges.queries) {
            DEEPGEMM_UNROLL
            for (i32 group = 0; group < query_groups; ++group)
                ptx::tma_prefetch<2>(p.q, {0, (query + group * queries) * Traits.heads});
        }
        if (key < p.ranges.keys) ptx::tma_prefetch<2>(p.key, {0, key});
    }

    /// Producer of keys: loads those of all runs. The first queries are as many bytes as several key tiles. So the first run
    /// loads two key tiles and then waits until its queries are there.
    DEEPGEMM_DEVICE static void load_keys(const params& p, u32 smem, const key_ring& pipe,
                                          const query_ring& query_pipe) {
        bool begun = false;
        typename key_ring::cursor at;
        typename tiles::run now;
        const bool issues = ptx::elect_one();
        for (typename tiles::runs work(p.ranges, place<mqa_regions::shares>(smem)); work.next(now);) {
            for (i32 block = 0; block < now.tiles; block += blocks, at.advance()) {
                if (!begun && block == 2 * blocks) query_pipe.wait(typename query_ring::cursor{});
                if (issues) {
                    const u32 full = pipe.acquire(at);
                    const i32 key = now.key + block * mma::m;
                    pipe.commit(at, key_tile::bytes + key_rows * 4);
                    ptx::tma_load<2>(p.key, place<keys_region>(smem, at.stage), full, {0, key});
                    ptx::tma_load<2>(p.scale, place<scales_region>(smem, at.stage), full, {key, 0});
                }
            }
            ptx::sync_warp();
            begun = true;
        }
        ptx::grid_dependency_trigger();
    }

    /// Math warps: for each run all of its keys, 64 at a time. The last key tile of a run may have fewer blocks than others.
    DEEPGEMM_DEVICE static void score(const params& p, u32 smem, const query_ring& query_pipe, const key_ring& key_pipe,
                                      u32 group) {
        typename query_ring::cursor query_at;
        typename key_ring::cursor at;
        const u32 row = scorer::row();
        const u32 scales = place<scales_region>(smem) + row * 4;
        scorer with{.heads = {},
                    .keys = sm90::uniform_descriptor_of<key_tile>(place<keys_region>(smem)),
                    .between_lanes = reduction::at(place<reduction_region>(smem, group * 4 + ptx::warp_index() % 4))};
        while (true) {
            query_pipe.wait(query_at);
            const u32 words = place<mqa_regions::run>(smem, query_at.stage), mine = query_at.stage * warpgroups + group;
            i32 left = i32(ptx::uniform(ptx::ld_shared<u32>(words + 8)));  // blocks
            if (left == 0) break;
            with.heads.load(place<mqa_regions::weights>(smem, mine));
            auto scores = common::open(p, words, group, ptx::ld_shared<i32>(words + 4) + i32(row));
            const u64 q = sm90::uniform_descriptor_of<query_tile>(place<mqa_regions::queries>(smem, mine));
            for (; left >= blocks; left -= blocks) {
                key_pipe.wait(at);
                DEEPGEMM_UNROLL
                for (i32 block = 0; block < blocks; ++block) {
                    score_block(with, q, scales, key_pipe, at, block, block + 1 == blocks, block, scores);
                }
                scores.advance(key_rows);
                at.advance();
            }
            if (left > 0) {
                key_pipe.wait(at);
                DEEPGEMM_NO_UNROLL
                for (i32 block = 0; block < left; ++block) {
                    score_block(with, q, scales, key_pipe, at, block, block + 1 == left, 0, scores);
                    scores.advance(mma::m);
                }
                at.advance();
            }
            query_pipe.release_by_lanes(query_at);
            query_at.advance();
        }
    }
    /// Math warps: block `block` of the key tile of stage `at`, which ends with it if it is the `last`. Its keys are `ahead`
    /// blocks after the current one of `scores`.
    template <class Scores>
    DEEPGEMM_DEVICE static void score_block(const scorer& with, u64 q, u32 scales, const key_ring& pipe,
                                            typename key_ring::cursor at, i32 block, bool last, i32 ahead,
                                            Scores& scores) {
        typename mma::accumulator dots;
        const float scale = with.multiply(q, scales, at.stage, u32(block * mma::m), dots);
        if (last) pipe.release(at);
        float score[sums::results];
        with.reduce(dots, scale, score);
        scores.take(ahead * mma::m, score);
    }
};

}  // namespace deepgemm
