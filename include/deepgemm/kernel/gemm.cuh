// SPDX-License-Identifier: MIT
// The GEMM of Hopper: D(m,n) = [C(m,n) +] sum over K blocks b of sa(m,b) sb(n,b) dot(A(m,b,:), B(n,b,:)); in FP8 with scales,
// of K blocks or of all of K, in BF16 or FP16 without. Two warps feed TMA, one for each operand; two more copy what TMA cannot
// load; warpgroups multiply; the grid is persistent. The kernel is assembled from parts: operands with their scales, a
// schedule, an epilogue and a configuration. What is not in this file is a part with a header of its own.
#pragma once

#include <deepgemm/core/arch.cuh>
#include <deepgemm/epilogue/step.cuh>
#include <deepgemm/kernel/check.cuh>
#include <deepgemm/kernel/gemm_loads.cuh>
#include <deepgemm/kernel/gemm_template.cuh>
#include <deepgemm/kernel/info.cuh>
#include <deepgemm/kernel/kernel.cuh>
#include <deepgemm/kernel/main_loop.cuh>
#include <deepgemm/kernel/parts_sum.cuh>
#include <deepgemm/kernel/tile_store.cuh>
#include <deepgemm/pipeline/roles.cuh>
#include <deepgemm/pipeline/turns.cuh>
#include <deepgemm/pipeline/two_places.cuh>
#include <deepgemm/ptx/cluster.cuh>
#include <deepgemm/ptx/cp_async.cuh>
#include <deepgemm/ptx/grid_dependency.cuh>
#include <deepgemm/ptx/mbarrier.cuh>
#include <deepgemm/ptx/registers.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/tma.cuh>
#include <deepgemm/ptx/warp.cuh>
#include <deepgemm/scale/copy.cuh>
#include <deepgemm/scale/fp32.cuh>
#include <deepgemm/scale/ue8m0.cuh>
#include <deepgemm/schedule/persistent.cuh>

namespace deepgemm {

/// The kernel of Hopper.
template <class Arch, class A, class B, class Epilogue, config Config, class Tiles,
          template <int, int, cluster_shape, int> class Pipeline>
struct gemm : gemm_requirements<A, B, Epilogue, Config, Tiles>,
              gemm_loads<gemm_host<gemm_sizes<A, B, Epilogue, Config, Tiles::stacked.d, starts_at_any_row<Tiles>(),
                                              table_bytes_of<Tiles>()>,
                                   A, B, Epilogue, Config, Tiles>,
                         Config> {
    static_assert(same_as<Arch, arch::sm90>,
                  "gemm: kernels for arch::sm100 need the header deepgemm/kernel/sm100_gemm.cuh");
    using host = gemm_host<
        gemm_sizes<A, B, Epilogue, Config, Tiles::stacked.d, starts_at_any_row<Tiles>(), table_bytes_of<Tiles>()>, A, B,
        Epilogue, Config, Tiles>;
    using loads = gemm_loads<host, Config>;
    // Aliases, since nvcc 13 loses configurations in types that a using-declaration brings.
    using arguments = typename host::arguments;
    using params = typename host::params;
    using element = typename host::element;
    using storage = typename host::storage;
    using a_stream = typename host::a_stream;
    using b_stream = typename host::b_stream;
    using a_tile = typename host::a_tile;
    using b_tile = typename host::b_tile;
    using a_scale = typename host::a_scale;
    using b_scale = typename host::b_scale;
    using output = typename host::output;
    using results = typename host::results;
    using peers = typename host::peers;
    /// Multiplies side by side that cover the columns of a tile.
    static constexpr int column_parts = Config.sm90.column_parts;
    using mma = sm90::wgmma<typename A::element, typename B::element, Config.block.n / column_parts, A::contiguous,
                            B::contiguous>;
    using tiles = Tiles;
    using work_item = tile_of<Tiles>;
    static constexpr tile_shape block = Config.block;
    using steps = over_fragments<Epilogue>;
    /// Who stores, and how its totals lie in registers: in fragments of so many rows.
    using storing = roles::math;
    using fragment = typename mma::fragment;
    static constexpr int wave_rows = mma::m;
    /// Warpgroups that take turns at the tiles; 1 if all warpgroups work on the same tile.
    static constexpr int takers = Config.sm90.alternate ? Config.sm90.warpgroups : 1;
    using cta = gemm_roles<Config.sm90.warpgroups>;
    /// Warps that copy scales, or gathered rows of A, into stages.
    static constexpr int copiers =
        a_stream::gathers || scale::any_copied<a_scale, b_scale> ? cta::warps_of(roles::copy{}) : 0;
    /// Who fills a stage: the two producers, and threads that copy scales. Gathered rows are passed on by the producer of A.
    static constexpr int fillers = 2 + (a_stream::gathers ? 0 : 32 * copiers);
    using pipeline = Pipeline<storage::stages, cta::warps_of(roles::math{}) / takers, Config.cluster, fillers>;
    using split = typename storage::split;
    using cursor = typename pipeline::cursor;
    /// True if each warp owns its staging buffers; they then need no barrier.
    static constexpr bool stages_by_warp = output::rows == mma::fragment::warp_rows;
    using barriers =
        gemm_barriers<cta, takers, stages_by_warp ? 0 : Config.sm90.warpgroups, copiers != 0, adds_parts<Tiles>>;
    static_assert(storage::bytes <= Arch::smem_bytes,
                  "gemm: the configuration needs more than 232448 bytes of shared memory");
    static_assert(mma_atom<mma>);
    static_assert(smem_pipeline<pipeline>, "gemm: the pipeline must model smem_pipeline, as tma_pipeline does");
    static_assert(explains<pipeline_concept::model<pipeline>>);
    static_assert(pipeline::barrier_bytes == storage::stages * 16, "gemm: a pipeline has two barriers a stage");

    static constexpr promotion promote = Config.sm90.promote;
    /// Fragments of 64 rows that each math warpgroup accumulates.
    static constexpr int waves = fragments_per_warpgroup(Config);
    /// Its totals: all columns of a fragment, part after part.
    using totals = float[waves * column_parts][mma::registers];
    /// Registers of a math thread that accumulators leave for scales and their products.
    static constexpr int free_registers = accumulator_budget(Config.sm90.warpgroups) - accumulator_registers(Config);
    /// True if a thread reads the scales of B, one for each column, once for all of its fragments and has the registers to hold
    /// them.
    static constexpr bool holds_scales =
        scale::in_stage(b_scale::via) && waves > 1 && mma::registers / mma::fragment::thread_rows <= free_registers;
    /// True if a thread has registers for the products of scales of one fragment, one product for each total.
    static constexpr bool keeps_products = !holds_scales && mma::registers <= free_registers;

    /// True if two warpgroups of two fragments share the second one of three.
    static constexpr bool shares_fragment = Config.sm90.shares_fragment;
    static_assert(
        !shares_fragment || storage::batches == 2,
        "gemm: with sm90.shares_fragment, half of the columns of a tile are staged at once: store_columns and "
        "store_buffers must hold them");
    /// True for a tile of which they do.
    DEEPGEMM_DEVICE static bool shares(const work_item& tile) {
        return shares_fragment && ceil_div(tile.end().m - tile.m, mma::m) == 3;
    }

    static constexpr launch_info launch{.arch = Arch::number,
                                        .threads = u32(cta::threads),
                                        .smem_bytes = storage::bytes,
                                        .cluster_ctas = Config.cluster_ctas(),
                                        .all_resident = adds_parts<Tiles>};
    static constexpr gemm_traits traits = host::traits_of(promote != promotion::never && scaled_at_end(A::info));
    static constexpr gemm_info info{launch, traits, storage::resolved};
    /// The operation that plans this kernel; an incomplete type here.
    using operation = typename operation_of_grouping<traits.groups>::type;

    /// True if the main loop takes a round of the ring at a time, so that stages are constants: where the tensor cores sum alone
    /// and device memory says which tiles there are. The compiler then takes the stage after a tile for one that may differ
    /// from lane to lane, and would compute addresses and descriptors in vector registers, in a quarter of all instructions.
    /// Kernels with steps between product and D have no registers for it.
    static constexpr bool unrolls_ring = promote == promotion::never && tiles::on_device && tiles::bounded &&
                                         storage::stages <= 8 && !Epilogue::custom && !epilogue_info_of<Epilogue>.any();
    /// True if math warps find their next tile while the first K block of a tile is multiplied, and not between two tiles.
    static constexpr bool finds_ahead = unrolls_ring && takers == 1 && Config.split_k == 1;

    /// True if lines of D are brought to L2 while their tile is multiplied. All tiles of a wave are stored at about the same
    /// time, and L2 would have to wait for memory before it adds to them.
    static constexpr bool brings_d = Epilogue::in_place && Config.d_ahead;

    /// Any thread: `Registers` registers of fragment `wave` of totals, from register `first` on.
    template <int Registers>
    DEEPGEMM_DEVICE static void take(const totals& total, int wave, int first, float (&value)[Registers]) {
        DEEPGEMM_UNROLL
        for (int j = 0; j < Registers; ++j)
            value[j] = total[wave * column_parts + (first + j) / mma::registers][(first + j) % mma::registers];
    }

    /// The kernel body; called by every thread.
    DEEPGEMM_DEVICE static void run(const params& p) {
        const storage smem{{}, ptx::dynamic_smem()};
        const u32 rank = Config.cluster_ctas() > 1 ? ptx::cluster_rank() : 0;
        const peers place{rank % u32(Config.cluster.size())};
        const pipeline pipe{ptx::uniform(smem.at(regions::barriers{})), place};
        if constexpr (tabled_schedule<tiles>) fill_table(p, smem, pipe, rank);
        if (!cta::is(roles::math{})) {
            cta::share_registers(roles::load_a{});
            produce(p, smem, pipe, place, rank);
        } else {
            ptx::role(roles::math::text);
            cta::share_registers(roles::math{});
            a_stream::clear(
                p.a, storage::stages, [&](u32 stage) { return smem.a(stage); }, cta::thread(roles::math{}),
                cta::threads_of(roles::math{}));
            barriers::sync(meetings::start_of_math{});
            if (Config.cluster_ctas() > 1) ptx::cluster_arrive_relaxed();
            ptx::grid_dependency_wait();
            multiply(p, smem, pipe, rank);
        }
        // No CTA may exit while a peer still signals its barriers or writes into its stages. If K is split, the CTA that peers
        // write to waits for all that they write, so that case needs nothing here.
        if (Config.cluster.size() > 1) ptx::cluster_sync();
    }

private:
    /// True if the schedule inspects what device memory says of its tiles. Idle warps do that beside the others.
    static constexpr bool inspects = requires(const tiles& work) { work.inspect(u32(0), u32(1)); };

    using loads::prefetch;
    using loads::shape_of;
    using loads::trigger_dependents;
    using loads::work_of;

    /// Every thread, before roles part: finds the CTA's tiles, while the tensor maps are on their way.
    DEEPGEMM_DEVICE static void fill_table(const params& p, const storage& smem, const pipeline& pipe, u32 rank) {
        if (cta::plays(roles::load_a{}, ptx::warp_index()) && ptx::elect_one()) initialise(smem, pipe);
        if (cta::plays(roles::load_b{}, ptx::warp_index()) && ptx::elect_one()) prefetch(p);
        ptx::grid_dependency_wait();  // the kernel before may write what tiles depend on
        work_of(p, smem, rank).fill_table();
        ptx::sync_cta();
    }

    /// The producers' warpgroup: its first warp loads the tiles of A with their scales, its second warp those of B; the others
    /// copy what TMA cannot load.
    DEEPGEMM_DEVICE static void produce(const params& p, const storage& smem, const pipeline& pipe, const peers& place,
                                        u32 rank) {
        const u32 warp = ptx::warp_index();
        const bool loads_a = cta::plays(roles::load_a{}, warp), loads_b = cta::plays(roles::load_b{}, warp),
                   copies = copiers != 0 && cta::plays(roles::copy{}, warp);
        ptx::role(cta::text_of(warp));
        if (loads_a) {
            if (!tabled_schedule<tiles> && ptx::elect_one()) initialise(smem, pipe);
            ptx::sync_warp();
            // This warp arrives and goes on, so that its first copies are issued while the others are still waiting.
            barriers::arrive(meetings::start_of_loads{});
            barriers::arrive(meetings::start_of_math{});
        } else if (loads_b || copies) {
            if (!tabled_schedule<tiles> && loads_b && ptx::elect_one()) prefetch(p);
            barriers::sync(meetings::start_of_loads{});
        }
        if (Config.cluster_ctas() > 1) ptx::cluster_arrive_relaxed();
        if (Config.cluster.size() > 1) ptx::cluster_wait();
        if ((loads_a || loads_b) && ptx::elect_one()) {
            if constexpr (tiles::on_device)
                ptx::grid_dependency_wait();  // the kernel before may write what tiles depend on
            if (loads_a) {
                if constexpr (a_stream::gathers) {
                    a_stream::pass_on(pipe, work_of(p, smem, rank),
                                      [&](u32 stage) { return smem.at(regions::gathered{}, stage); });
                } else {
                    loads::load_a(p, smem, pipe, rank, place.a());
                }
                trigger_dependents(p);
            } else {
                loads::load_b(p, smem, pipe, rank, place.b(),
                              [&p](const work_item& tile, i32 i) { bring(p, tile, i); });
            }
        }
        if constexpr (copiers != 0) {
            if (copies) copy(p, smem, pipe, rank);
        }
        if constexpr (inspects) {
            if (cta::plays(roles::copy{}, warp)) {
                ptx::grid_dependency_wait();
                clear_gaps(p, smem, rank);
                work_of(p, smem, rank).inspect(cta::warp(roles::copy{}), u32(cta::warps_of(roles::copy{})));
            }
        }
        ptx::sync_warp();
        if (Config.split_k > 1) ptx::cluster_wait();
    }

    /// An idle warp: makes its share of the rows of no group zero, if tiles do not.
    DEEPGEMM_DEVICE static void clear_gaps(const params& p, const storage& smem, u32 rank) {
        if constexpr (tabled_schedule<tiles> && !host::tiles_gaps && !results::scatters) {
            constexpr u32 each = u32(cta::warps_of(roles::copy{}));
            work_of(p, smem, rank)
                .share_gaps(ptx::cta_index() * each + cta::warp(roles::copy{}), ptx::cta_count() * each,
                            [&p](i32 row) { results::clear_row(p.d, row, shape_of(p).n); });
        }
    }

    /// One thread, with K block number `i` of a tile: brings the next part of the tile of D to L2.
    DEEPGEMM_DEVICE static void bring(const params& p, const work_item& tile, i32 i) {
        if constexpr (brings_d) {
            constexpr i32 boxes = results::boxes(block);
            const i32 each = ceil_div(boxes, tile.blocks().count), end = min((i + 1) * each, boxes);
            DEEPGEMM_NO_UNROLL
            for (i32 box = i * each; box < end; ++box) results::bring(p.d, box, block.m, tile.m, tile.n, tile.matrix());
        }
    }

    /// A warp that copies, for every K block of every tile, into the block's stage.
    DEEPGEMM_DEVICE static void copy(const params& p, const storage& smem, const pipeline& pipe, u32 rank) {
        if constexpr (a_stream::gathers) {
            ptx::grid_dependency_wait();  // the kernel before may write the list of rows
            a_stream::template gather<copiers>(
                p.a, pipe, work_of(p, smem, rank), shape_of(p).k, cta::warp(roles::copy{}),
                smem.at(regions::row_numbers{}), [&](u32 stage) { return smem.place_of_a(stage); },
                [&](u32 stage) { return smem.at(regions::gathered{}, stage); });
        } else {
            if constexpr (a_stream::loads_groups) {
                if (p.a.groups_by_tma) return;  // the producer of A arrives for these warps
            }
            if (tiles::on_device || !copies_are_ready(p)) ptx::grid_dependency_wait();
            if constexpr (a_stream::loads_groups) {
                copy_groups(p, smem, pipe, rank);
            } else {
                copy_scales(p, smem, pipe, rank);
            }
        }
    }
    /// Groups of scales of A that TMA would load if rows were at multiples of 16 bytes. Only the stage of a group's first K block
    /// waits for copies; of the others, one lane tells that its warp has nothing for them.
    DEEPGEMM_DEVICE static void copy_groups(const params& p, const storage& smem, const pipeline& pipe, u32 rank) {
        constexpr int threads = 32 * copiers;
        const problem_shape shape = shape_of(p);
        scale::copy_of_rows<a_scale, block.m, threads, scale::group_walk<a_scale, storage::a_groups>> of_a{p.a.scale,
                                                                                                           0};
        two_places<pipeline> places;
        cursor at;
        for (const work_item tile : work_of(p, smem, rank)) {
            const block_range blocks = tile.blocks();
            if (blocks.count == 0) continue;  // without K there may be no scales
            const operand_place a = tile.a(blocks.first);
            const i32 end = blocks.first + blocks.count;
            DEEPGEMM_NO_UNROLL
            for (i32 block_k = blocks.first; block_k < end;) {
                pipe.acquire(at);
                places.await(pipe, at);
                // These are found for each group, since there are no registers to keep them in.
                of_a.thread = cta::thread_now(roles::copy{});
                of_a.start({a.row, shape.m, shape.k, a_stream::scale_words(p.a, i32(ptx::keep(u32(a.matrix))))},
                           scale::index_of_block<a_scale, block.k>(end - 1));
                of_a.copy(scale::index_of_block<a_scale, block.k>(block_k), [&](u32 place) { return smem.sa(place); });
                at = {ptx::keep(at.stage), ptx::keep(at.parity)};  // addresses would take registers during the copy
                ptx::cp_async_arrive(pipe.full(at));
                at.advance();
                const i32 served = min(of_a.template blocks_from<block.k>(block_k), end - block_k);
                places.pass(served);
                DEEPGEMM_NO_UNROLL
                for (i32 i = 1; i < served; ++i) {
                    const u32 landed = pipe.acquire(at);
                    if (ptx::lane_index() == 0) ptx::mbarrier_arrive(landed, 32);
                    at.advance();
                }
                block_k += served;
            }
        }
    }
    DEEPGEMM_DEVICE static void copy_scales(const params& p, const storage& smem, const pipeline& pipe, u32 rank) {
        constexpr int threads = 32 * copiers;
        const problem_shape shape = shape_of(p);
        const u32 thread = cta::thread(roles::copy{});
        scale::copy_of_rows<a_scale, block.m, threads, scale::group_walk<a_scale, storage::a_groups>> of_a{p.a.scale,
                                                                                                           thread};
        scale::copy_of_columns<b_scale, block.n, threads> of_b{p.b.scale, thread};
        cursor at;
        for (const work_item tile : work_of(p, smem, rank)) {
            const block_range blocks = tile.blocks();
            if (blocks.count == 0) continue;  // without K there may be no scales
            const operand_place a = tile.a(blocks.first), b = tile.b(blocks.first);
            const i32 end = blocks.first + blocks.count;
            of_a.start({a.row, shape.m, shape.k, a_stream::scale_words(p.a, a.matrix)},
                       scale::index_of_block<a_scale, block.k>(end - 1));
            of_b.start({b.row, shape.n, shape.k, b_stream::scale_words(p.b, b.matrix)},
                       scale::index_of_block<b_scale, block.k>(end - 1));
            DEEPGEMM_NO_UNROLL
            for (i32 block_k = blocks.first; block_k < end; ++block_k) {
                const u32 landed = pipe.acquire(at);
                const bool begins = block_k == blocks.first;
                of_a.put(scale::index_of_block<a_scale, block.k>(block_k), begins, at.stage,
                         [&](u32 place) { return smem.sa(place); });
                of_b.put(scale::index_of_block<b_scale, block.k>(block_k), begins, at.stage,
                         [&](u32 place) { return smem.sb(place); });
                ptx::cp_async_arrive(landed);
                at.advance();
            }
        }
    }
    /// True if no kernel before this one writes an operand whose scales are copied.
    DEEPGEMM_DEVICE static bool copies_are_ready(const params& p) {
        return (!scale::any_copied<a_scale> || p.a.ready) && (!scale::any_copied<b_scale> || p.b.ready);
    }

    /// Producer thread: initialises the barriers, and may use them at once. Other warps may after a barrier of the CTA, peers
    /// after a barrier of the cluster.
    DEEPGEMM_DEVICE static void initialise(const storage& smem, const pipeline& pipe) {
        results::initialise(storage::owners, [&](u32 owner) { return smem.at(regions::c_barriers{}, owner); });
        if constexpr (Config.split_k > 1) split::initialise(smem.at(regions::part_barriers{}));
        if constexpr (a_stream::gathers) {
            DEEPGEMM_UNROLL
            for (u32 stage = 0; stage < u32(storage::stages); ++stage)
                ptx::mbarrier_init(smem.at(regions::gathered{}, stage), 32 * copiers);
        }
        pipe.initialise();
    }

    /// The math role, one warpgroup: sums up its rows of each tile and stores them.
    DEEPGEMM_DEVICE static void multiply(const params& p, const storage& smem, const pipeline& pipe, u32 rank) {
        const problem_shape shape = shape_of(p);
        const tiles schedule = work_of(p, smem, rank);
        const turns<takers, barriers> turn{takers > 1 ? cta::warpgroup(roles::math{}) : 0};
        const int first_row = takers > 1 ? 0 : int(cta::warpgroup(roles::math{})) * waves * mma::m;  // in the tile
        auto writer = tile_store<gemm>::of(smem, first_row);
        auto loop = main_loop<gemm>::of(smem, pipe, first_row);
        split parts{smem.at(regions::parts{}), smem.at(regions::part_barriers{}), rank, cta::warp(roles::math{})};
        totals total;

        auto next = schedule.begin();
        const auto pass_over = [&](u32 others) {  // the tiles of other takers
            for (u32 i = 0; i < others && next != schedule.end(); ++i, ++next) loop.pass_over((*next).blocks());
        };
        const auto begin = [&](const work_item& tile) { loop.start(p, shape, tile); };
        turn.begin(next != schedule.end());
        pass_over(turn.mine);
        if (next != schedule.end()) begin(*next);
        if (Config.cluster_ctas() > 1) ptx::cluster_wait();  // before anything goes to a peer
        work_item upcoming{};
        if constexpr (finds_ahead) {
            if (next != schedule.end()) upcoming = *next;
        }
        while (next != schedule.end()) {
            const work_item tile = finds_ahead ? upcoming : *next;
            const block_range blocks = tile.blocks();
            if constexpr (!finds_ahead) ++next;
            const bool more = next != schedule.end(), mine = stores(parts) && writer.reaches(tile);
            if (mine) writer.expect(p, tile);
            turn.await();
            const auto meanwhile = [&](i32 i) {  // while the tensor cores multiply block i
                if (i == min(2, blocks.count - 1) && mine) writer.fetch(p, tile);
                if (i == blocks.count - 1) turn.pass_on(more);
            };
            const auto at_start = [&] {
                if constexpr (finds_ahead) {
                    ++next;
                    if (next != schedule.end()) upcoming = *next;
                }
            };
            loop.sum(total, blocks, loop.reached(tile, first_row), meanwhile, at_start);
            pass_over(takers - 1);
            if (next != schedule.end()) begin(finds_ahead ? upcoming : *next);
            if constexpr (Config.split_k > 1) parts.reduce(total, more);
            if constexpr (adds_parts<tiles>) {
                parts_sum<gemm>{schedule, cta::warp(roles::math{})}.keep(total, tile, first_row);
            } else {
                if (mine) writer.put(p, total, tile);
            }
        }
        writer.finish();
        if constexpr (adds_parts<tiles>) parts_sum<gemm>{schedule, cta::warp(roles::math{})}.finish(p);
    }

    /// True in a CTA that stores the tiles that it sums.
    DEEPGEMM_DEVICE static bool stores(const split& parts) { return Config.split_k == 1 || parts.collects(); }
};

static_assert(kernel<gemm<arch::sm90, operand<e4m3, scale::per_token<scale::fp32>>,
                          operand<e4m3, scale::per_block<scale::fp32>>, store<bf16>, config{}>>);

}  // namespace deepgemm
