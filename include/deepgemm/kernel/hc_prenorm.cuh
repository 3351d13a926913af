// SPDX-License-Identifier: MIT
// The HyperConnection prenorm of Hopper: D(m,n) = sum over k of A(m,k) tf32(B(n,k)), and q(m) = sum over k of A(m,k)^2, from one
// pass over A. A is BF16 and B a few columns of FP32. One warp feeds TMA, warpgroups multiply: they load A into registers, where
// BF16 becomes TF32 without rounding, add up squares, and multiply with B in shared memory, which TMA rounds to TF32. A K block
// takes a warpgroup longer than memory needs to deliver it, so several take the K blocks of a tile in turn, each from a ring of its
// own. Almost all time is that of reading A once, so K is split among CTAs, too, where rows alone would leave multiprocessors idle.
#pragma once

#include <deepgemm/core/arch.cuh>
#include <deepgemm/epilogue/group_sum.cuh>
#include <deepgemm/epilogue/split_sum.cuh>
#include <deepgemm/epilogue/store_prenorm.cuh>
#include <deepgemm/kernel/hc_prenorm_few.cuh>
#include <deepgemm/kernel/hc_prenorm_info.cuh>
#include <deepgemm/kernel/info.cuh>
#include <deepgemm/kernel/kernel.cuh>
#include <deepgemm/mma/sm90/wgmma.cuh>
#include <deepgemm/pipeline/roles.cuh>
#include <deepgemm/pipeline/storage.cuh>
#include <deepgemm/pipeline/tma_pipeline.cuh>
#include <deepgemm/ptx/grid_dependency.cuh>
#include <deepgemm/ptx/tma.cuh>
#include <deepgemm/schedule/grouped.cuh>
#include <deepgemm/schedule/groups.cuh>
#include <deepgemm/schedule/persistent.cuh>

namespace deepgemm {

namespace roles {
/// Loads both operands.
struct load {
    static constexpr const char* text = "producer";
};
}  // namespace roles

/// The kernel on `Arch`, sm90. `Sums` says whether it adds up all of K or leaves the caller's parts of it apart.
template <class Arch, hc_prenorm_config Config, partial_sums Sums>
struct hc_prenorm {
    static_assert(same_as<Arch, arch::sm90>, "hc_prenorm: the kernel is for Hopper");
    static_assert(Config.block.m == 64 && Config.block.k == 64, "hc_prenorm: block.m must be 64 or 16, and block.k 64");
    static_assert(Config.block.n >= 8 && Config.block.n <= 128 && Config.block.n % 8 == 0,
                  "hc_prenorm: block.n must be a multiple of 8 from 8 to 128");
    static_assert(Config.split_k >= 1 && Config.split_k <= 8, "hc_prenorm: split_k must be from 1 to 8");
    static_assert(Sums == partial_sums::added || Config.split_k == 1,
                  "hc_prenorm: K is split by clusters or into the caller's parts, not by both");
    static_assert(Config.warpgroups == 1 || Config.warpgroups == 2 || Config.warpgroups == 4,
                  "hc_prenorm: warpgroups must be 1, 2 or 4");
    static_assert(Config.stages == 0 || (Config.stages >= 2 && Config.stages <= 24),
                  "hc_prenorm: stages must be from 2 to 24, or 0 for as many as fit");
    static_assert(Config.stages == 0 ||
                      (Config.stages % Config.warpgroups == 0 && Config.stages >= 2 * Config.warpgroups),
                  "hc_prenorm: stages must be a multiple of warpgroups, at least two for each");

    static constexpr tile_shape block = Config.block;
    using a_tile = operand_tile<bf16, block.m, block.k>;
    using b_tile = operand_tile<tf32, block.n, block.k / 2>;  ///< two of them make a K block
    using source = sm90::in_registers<a_tile, tf32>;
    using mma = sm90::wgmma<tf32, tf32, block.n, major::k, major::k, block.k / 2>;
    using half_fragment = sm90::a_registers<mma::steps>;
    using work_of = detail::prenorm_work<Config, Sums>;
    using tiles = typename work_of::tiles;
    static constexpr int warpgroups = Config.warpgroups;
    static constexpr register_shares shares = register_shares::of(warpgroups);
    using cta = role_table<role<roles::prenorm_math, 4 * warpgroups, shares.math>,
                           role<roles::load, warpgroups == 1 ? 1 : 4, shares.producer>>;
    using barriers = barrier_table<cta, named_barrier<meetings::totals_written, 4 * warpgroups>,
                                   named_barrier<meetings::totals_read, 4 * warpgroups>>;
    /// Sums of products of a thread, the squares of its two rows, and padding to a multiple of four.
    static constexpr int sums = mma::registers, totals = sums + 4;
    using groups = group_sum<warpgroups, 128, totals, barriers>;
    using split = split_sum<Config.split_k, 1, totals, 4>;

    struct a_region {};
    struct b_region {};
    struct groups_region {};
    struct parts_region {};
    struct barriers_region {};
    struct part_barriers_region {};
    using layout =
        smem_regions<region<a_region, a_tile::bytes, each_stage, 1024>,
                     region<b_region, 2 * b_tile::bytes, each_stage, 1024>, region<groups_region, groups::bytes>,
                     region<parts_region, split::bytes>, region<barriers_region, 16, each_stage>,
                     region<part_barriers_region, split::barrier_bytes, 1, 8>>;
    static constexpr int ring_stages =
        (Config.stages ? Config.stages : layout::stages_that_fit(Arch::smem_bytes, 24)) / warpgroups;
    static constexpr int stages = ring_stages * warpgroups;
    using pipeline = tma_pipeline<ring_stages, 4, cluster_shape{}>;  ///< of one warpgroup
    using cursor = typename pipeline::cursor;
    static_assert(layout::bytes(stages) <= Arch::smem_bytes,
                  "hc_prenorm: the stages need more than 232448 bytes of shared memory");

    using arguments = hc_prenorm_arguments;
    static constexpr launch_info launch{.arch = Arch::number,
                                        .threads = u32(cta::threads),
                                        .smem_bytes = layout::bytes(stages),
                                        .cluster_ctas = Config.split_k};
    static constexpr hc_prenorm_traits traits{.sums = Sums};
    static constexpr kernel_info<hc_prenorm_traits, hc_prenorm_config> info{
        launch, traits, {.block = Config.block, .stages = stages, .warpgroups = warpgroups, .split_k = Config.split_k}};
    /// The operation that plans this kernel; an incomplete type here.
    using operation = ops::hc_prenorm;
    static constexpr int map_count = 2;

    struct params {
        tensor_map a, b;
        arguments args;
        tiles work;
    };

    DEEPGEMM_BOTH static constexpr void tensor_maps(const arguments& args, tensor_map_request (&maps)[map_count]) {
        const bool none = args.shape.k == 0;  // nothing is loaded then, so any memory serves that TMA can address
        const i64 k = max(args.shape.k, 1);
        maps[0] = a_tile::map(none ? aligned(args.d) : args.a, args.shape.m, k, none ? 8 : args.a_pitch, block.m);
        maps[1] = b_tile::map(none ? aligned(args.d) : args.b, args.shape.n, k, none ? 4 : args.b_pitch, block.n);
    }
    DEEPGEMM_BOTH static constexpr params make_params(const arguments& args, const tensor_map (&maps)[map_count]) {
        return {maps[0], maps[1], args, work_of::of(args)};
    }
    DEEPGEMM_BOTH static constexpr int grid(const arguments& args, int num_sms) { return work_of::grid(args, num_sms); }

    /// The kernel body; called by every thread.
    DEEPGEMM_DEVICE static void run(const params& p) {
        const u32 smem = ptx::dynamic_smem(), rank = Config.split_k > 1 ? ptx::cluster_rank() : 0;
        if (ptx::thread_index() == 0) {
            if constexpr (Config.split_k > 1) split::initialise(place<part_barriers_region>(smem));
            DEEPGEMM_UNROLL
            for (u32 group = 0; group < u32(warpgroups); ++group) ring_of(smem, group).initialise();
        }
        if constexpr (Config.split_k > 1) {
            ptx::cluster_sync();
        } else {
            ptx::sync_cta();
        }
        ptx::grid_dependency_wait();
        const tiles work = p.work.started(p.args.shape, rank);
        ptx::role(cta::text_of(ptx::warp_index()));
        if (ptx::warp_index() < u32(cta::warps_of(roles::prenorm_math{}))) {
            cta::share_registers(roles::prenorm_math{});
            multiply(p, smem, work, rank, ptx::warpgroup_index());
        } else {
            cta::share_registers(roles::load{});
            if (cta::warp(roles::load{}) == 0 && ptx::elect_one()) produce(p, smem, work);
        }
    }

private:
    /// An address at a multiple of 16 bytes, at most 15 before `data`.
    DEEPGEMM_BOTH static constexpr const void* aligned(const void* data) {
        return static_cast<const char*>(data) - reinterpret_cast<u64>(data) % 16;
    }
    /// Shared address of a region, or of its item for a stage.
    template <class Region>
    DEEPGEMM_DEVICE static u32 place(u32 smem, u32 stage = 0) {
        return layout::template address_of<Region, stages>(smem, stage);
    }
    /// The ring of a warpgroup, and the shared address of a region's item for a stage of it.
    DEEPGEMM_DEVICE static pipeline ring_of(u32 smem, u32 group) {
        return {place<barriers_region>(smem) + group * pipeline::barrier_bytes, {0}};
    }
    template <class Region>
    DEEPGEMM_DEVICE static u32 place(u32 smem, u32 group, cursor at) {
        return place<Region>(smem, group * ring_stages + at.stage);
    }

    /// Elements of A up to which L2 lets go of them first, since only the tiles of other columns read them again. An H200 then takes
    /// 12 % less time for 60 MB and 4 % less for 235 MB, mostly because what it still has to write back from before stays where it
    /// is; but 1 % more for 470 MB.
    static constexpr u64 streamed = 150'000'000;

    /// Producer thread: brings the K blocks of every tile, in turn to each warpgroup. TMA fills what lies beyond M, N and K with
    /// zeros.
    DEEPGEMM_DEVICE static void produce(const params& p, u32 smem, const tiles& work) {
        ptx::prefetch_tensor_map(p.a);
        ptx::prefetch_tensor_map(p.b);
        const auto hint = u64(p.args.shape.m) * u64(p.args.shape.k) <= streamed ? ptx::cache_hint::evict_first
                                                                                : ptx::cache_hint::evict_normal;
        cursor next[warpgroups];
        for (const auto tile : work) {
            const block_range blocks = tile.blocks();
            for (i32 turn = 0; turn < blocks.count; turn += warpgroups) {
                DEEPGEMM_UNROLL
                for (i32 group = 0; group < warpgroups; ++group) {
                    if (turn + group >= blocks.count) break;
                    const operand_place a = tile.a(blocks.first + turn + group),
                                        b = tile.b(blocks.first + turn + group);
                    cursor& at = next[group];
                    const u32 to = place<b_region>(smem, u32(group), at);
                    const pipeline pipe = ring_of(smem, u32(group));
                    const u32 full = pipe.acquire(at);
                    pipe.commit(at, a_tile::bytes + 2 * b_tile::bytes);
                    ptx::tma_load<2>(p.a, place<a_region>(smem, u32(group), at), full, {a.k, a.row}, hint);
                    ptx::tma_load<2>(p.b, to, full, {b.k, b.row});
                    ptx::tma_load<2>(p.b, to + b_tile::bytes, full, {b.k + block.k / 2, b.row});
                    at.advance();
                }
            }
        }
        ptx::grid_dependency_trigger();
    }

    /// One K block of A in registers.
    struct fragment {
        half_fragment half[2];
    };
    /// What a math thread has of a tile so far.
    struct progress {
        pipeline pipe;
        u32 a, b;  ///< shared addresses of its ring's first stage
        float sum[sums] = {};
        float squares[2] = {};  ///< of its two rows
        cursor at{}, before{};  ///< this K block, and the one whose multiply may still run
        bool runs = false;      ///< there is one
    };

    /// Math threads: loads a K block into `mine` and starts its multiply, while the one of the block before may still read
    /// `others`. Only then is that one awaited and its stage released, so no register changes while a multiply reads it.
    DEEPGEMM_DEVICE static void step(progress& now, fragment& mine, fragment& others) {
        now.pipe.wait(now.at);
        const auto whole = source::at(now.a, 0).load(now.at.stage * layout::stride_of(a_region{}), 0);
        DEEPGEMM_UNROLL
        for (int i = 0; i < source::steps; ++i) {
            DEEPGEMM_UNROLL
            for (int w = 0; w < 4; ++w) {
                const float value = bit_cast<float>(whole.word[i][w]);
                now.squares[w % 2] += value * value;
                mine.half[i / mma::steps].word[i % mma::steps][w] = whole.word[i][w];
            }
        }
        ptx::fence_operand(now.sum);
        mma::fence(mine.half[0]);
        mma::fence(mine.half[1]);
        ptx::wgmma_fence();
        const u64 b = sm90::descriptor_of<b_tile>(now.b + now.at.stage * layout::stride_of(b_region{}));
        mma::accumulate(mine.half[0], b, now.sum);
        mma::accumulate(mine.half[1], sm90::advance(b, b_tile::bytes), now.sum);
        ptx::wgmma_commit();
        ptx::wgmma_wait<1>();
        mma::fence(others.half[0]);
        mma::fence(others.half[1]);
        if (now.runs) now.pipe.release(now.before);
        now.runs = true;
        now.before = now.at;
        now.at.advance();
    }

    /// Math warpgroup `group`: every K block whose turn is its own, then the sum over all groups and all CTAs of the cluster.
    DEEPGEMM_DEVICE static void multiply(const params& p, u32 smem, const tiles& work, u32 rank, u32 group) {
        groups in_cta{place<groups_region>(smem), group};
        split in_cluster{place<parts_region>(smem), place<part_barriers_region>(smem), rank, ptx::warp_index()};
        progress now{ring_of(smem, group), place<a_region>(smem, group, {}), place<b_region>(smem, group, {})};
        const auto last = work.end();
        for (auto next = work.begin(); next != last;) {
            const auto tile = *next;
            ++next;
            fragment even{}, odd{};
            DEEPGEMM_UNROLL
            for (float& x : now.sum) x = 0;
            now.squares[0] = now.squares[1] = 0;
            const i32 count = (tile.blocks().count + warpgroups - 1 - i32(group)) / warpgroups;
            for (i32 i = 0; i + 1 < count; i += 2) {
                step(now, even, odd);
                step(now, odd, even);
            }
            if (count % 2 != 0) step(now, even, odd);
            ptx::wgmma_wait<0>();
            ptx::fence_operand(now.sum);
            mma::fence(even.half[0]);
            mma::fence(even.half[1]);
            mma::fence(odd.half[0]);
            mma::fence(odd.half[1]);
            if (now.runs) now.pipe.release(now.before);
            now.runs = false;

            float total[1][totals] = {};
            DEEPGEMM_UNROLL
            for (int i = 0; i < sums; ++i) total[0][i] = now.sum[i];
            DEEPGEMM_UNROLL
            for (int row = 0; row < 2; ++row) total[0][sums + row] = squares_of_row(now.squares[row]);
            in_cta.reduce(total[0], next != last);
            if (!in_cta.is_first()) continue;
            if constexpr (Config.split_k > 1) in_cluster.reduce(total, next != last);
            if (Config.split_k == 1 || in_cluster.collects())
                store_prenorm<typename mma::fragment, sums>(p.args, tile.m, tile.n, tile.matrix(), tile.end(),
                                                            total[0]);
        }
    }
};

}  // namespace deepgemm
