// SPDX-License-Identifier: MIT
// The GEMM of Blackwell: D(m,n) = [C(m,n) +] sum over k of A(m,k) B(n,k), where the tensor cores apply the scales of FP8. One
// thread multiplies; the totals lie in tensor memory, in one accumulator while a tile is multiplied and in another one while
// the tile before is stored. The parts of a cluster may share the K blocks of a tile (docs/hardware/clusters.md). Operands,
// tiles, schedule, staging and host side are the parts of Hopper's kernel; only the roles differ.
#pragma once

#include <deepgemm/epilogue/step.cuh>
#include <deepgemm/kernel/gemm_loads.cuh>
#include <deepgemm/kernel/gemm_template.cuh>
#include <deepgemm/kernel/info.cuh>
#include <deepgemm/kernel/kernel.cuh>
#include <deepgemm/kernel/sm100_check.cuh>
#include <deepgemm/kernel/sm100_prepare.cuh>
#include <deepgemm/kernel/sm100_storage.cuh>
#include <deepgemm/kernel/tile_store.cuh>
#include <deepgemm/mma/sm100/pace.cuh>
#include <deepgemm/mma/sm100/tcgen05.cuh>
#include <deepgemm/pipeline/accumulator_ring.cuh>
#include <deepgemm/pipeline/sm100_roles.cuh>
#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/ptx/cluster.cuh>
#include <deepgemm/scale/fp32.cuh>
#include <deepgemm/scale/ue4m3.cuh>
#include <deepgemm/scale/ue8m0.cuh>

namespace deepgemm {

/// The kernel of Blackwell.
template <class A, class B, class Epilogue, config Config, class Tiles,
          template <int, int, cluster_shape, int> class Pipeline>
    requires(!Config.swap)
struct gemm<arch::sm100, A, B, Epilogue, Config, Tiles, Pipeline>
    : sm100_requirements<A, B, Epilogue, Config, Tiles>,
      gemm_loads<gemm_host<sm100_sizes<A, B, Epilogue, Config, Tiles::stacked.d, claim_bytes<Tiles>()>, A, B, Epilogue,
                           Config, Tiles>,
                 Config> {
    using host = gemm_host<sm100_sizes<A, B, Epilogue, Config, Tiles::stacked.d, claim_bytes<Tiles>()>, A, B, Epilogue,
                           Config, Tiles>;
    using loads = gemm_loads<host, Config>;
    // Aliases, since nvcc 13 loses configurations in types that a using-declaration brings.
    using arguments = typename host::arguments;
    using params = typename host::params;
    using element = typename host::element;
    using storage = typename host::storage;
    using a_stream = typename host::a_stream;
    using b_stream = typename host::b_stream;
    using a_scale = typename host::a_scale;
    using b_scale = typename host::b_scale;
    using output = typename host::output;
    using results = typename host::results;
    using peers = typename host::peers;
    using tiles = Tiles;
    using work_item = tile_of<Tiles>;
    using steps = over_fragments<Epilogue>;
    static constexpr tile_shape block = Config.block;
    static constexpr int ctas = Config.sm100.ctas;  ///< that multiply together

    using cta = sm100_roles<Config.sm100.epilogue_warps>;
    using mma = sm100::tcgen05<A, B, typename storage::a_tile, typename storage::b_tile, ctas>;
    using pipeline = Pipeline<storage::stages, 1, storage::sharing, 2>;  ///< filled by two warps, released by a commit
    using accumulators = accumulator_ring<Config.sm100.accumulators, Config.sm100.epilogue_warps, ctas>;
    using columns = typename storage::columns;
    using split = typename storage::split;
    static constexpr bool splits = Config.split_k > 1;

    /// Who stores, and how its totals lie in registers: in fragments of so many rows.
    using storing = roles::store;
    using fragment = typename mma::fragment;
    static constexpr int waves = 1, wave_rows = fragment::rows;
    static constexpr bool stages_by_warp = output::rows == fragment::warp_rows;
    using barriers = sm100_barriers<cta, stages_by_warp ? 0 : Config.sm100.epilogue_warps / 4>;
    static_assert(storage::bytes <= arch::sm100::smem_bytes,
                  "gemm: the configuration needs more than 232448 bytes of shared memory");
    static_assert(smem_pipeline<pipeline>, "gemm: the pipeline must model smem_pipeline, as tma_pipeline does");
    static_assert(explains<pipeline_concept::model<pipeline>>);
    static_assert(pipeline::barrier_bytes == storage::stages * 16, "gemm: a pipeline has two barriers a stage");

    static constexpr launch_info launch{.arch = arch::sm100::number,
                                        .threads = u32(cta::threads),
                                        .smem_bytes = storage::bytes,
                                        .cluster_ctas = Config.cluster_ctas(),
                                        .claims = claiming_schedule<Tiles>};
    static constexpr gemm_traits traits = host::traits_of(false);
    static constexpr gemm_info info{launch, traits, storage::resolved};
    /// The operation that plans this kernel; an incomplete type here.
    using operation = typename operation_of_grouping<traits.groups>::type;

    /// What the roles of a CTA share.
    struct shared {
        storage smem;
        pipeline pipe;
        accumulators sums;
        u32 rank;           ///< of the CTA in its cluster
        u32 tensor_memory;  ///< its address

        DEEPGEMM_DEVICE u32 prepared(u32 stage) const { return smem.at(regions::prepared{}, stage); }
        /// The CTA that multiplies: itself, or the one of even rank in a pair.
        DEEPGEMM_DEVICE u32 leader() const { return rank & ~u32(ctas - 1); }
        /// The tiles of the CTA, as one role walks them.
        DEEPGEMM_DEVICE tiles tiles_of(const params& p, tile_reader who) const {
            return loads::work_of(p, smem, rank, who);
        }
    };

    /// The totals of a tile in tensor memory, in the accumulator that `at` points to; zeros if nothing was multiplied. Those of
    /// the other parts of K, if there are any, come through `parts`.
    struct totals {
        const shared& here;
        split& parts;
        typename accumulators::cursor at;
        bool any;

        /// Converged warp: has taken all that it needs.
        DEEPGEMM_DEVICE void release() const {
            if (any) here.sums.release(at);
        }
    };
    /// Converged warp: `Registers` registers of totals from column `first` on. With the last ones the accumulator is released.
    /// If K is split, they are the sum over all parts, and the warp must be the one that collects them.
    template <int Registers>
    DEEPGEMM_DEVICE static void take(const totals& total, int /*wave*/, int first, float (&value)[Registers]) {
        if constexpr (splits) {
            total.parts.collect(value, [&](float(&own)[Registers]) { read(total, first, own); });
        } else {
            read(total, first, value);
        }
        if (first + Registers == block.n) total.release();
    }

    /// The kernel body; called by every thread.
    DEEPGEMM_DEVICE static void run(const params& p) {
        const storage smem{{}, ptx::dynamic_smem()};
        const u32 rank = Config.cluster_ctas() > 1 ? ptx::cluster_rank() : 0, warp = ptx::warp_index();
        const peers place{rank % u32(storage::sharing.size())};
        const pipeline pipe{smem.at(regions::barriers{}), place};
        const auto sums = accumulators::at(smem.at(regions::sums{}));
        ptx::role(cta::text_of(warp));

        if (cta::plays(roles::load_a{}, warp) && ptx::elect_one()) initialise(smem, pipe, sums);
        if (cta::plays(roles::load_b{}, warp) && ptx::elect_one()) loads::prefetch(p);
        if (cta::plays(roles::prepare{}, warp)) {
            ptx::tmem_allocate<ctas>(smem.at(regions::tensor_address{}), columns::allocated);
            ptx::tmem_relinquish<ctas>();
        }
        if (cta::is(roles::store{}))
            a_stream::clear(
                p.a, storage::stages, [&](u32 stage) { return smem.a(stage); }, cta::thread(roles::store{}),
                cta::threads_of(roles::store{}));
        meet();
        const shared here{smem, pipe, sums, rank, ptx::ld_shared<u32>(smem.at(regions::tensor_address{}))};

        if (cta::plays(roles::load_a{}, warp)) {
            if (ptx::elect_one()) {
                loads::load_a(p, smem, pipe, rank, place.a());
                loads::trigger_dependents(p);
            }
        } else if (cta::plays(roles::load_b{}, warp)) {
            if (ptx::elect_one())
                loads::load_b(p, smem, pipe, rank, ctas == 1 ? place.b() : tile_slice{rank % ctas, 1});
        } else if (cta::plays(roles::multiply{}, warp)) {
            if (rank == here.leader() && ptx::elect_one()) multiply(p, here);
        } else if (cta::plays(roles::prepare{}, warp)) {
            if constexpr (storage::prepares) stage_preparer<gemm>::run(p, here, loads::shape_of(p));
        } else {
            store(p, here);
        }
        ptx::sync_warp();
        meet();  // no CTA ends, and no tensor memory is freed, while anybody may still use it
        if (cta::plays(roles::prepare{}, warp)) ptx::tmem_free<ctas>(here.tensor_memory, columns::allocated);
    }

private:
    /// All threads of the cluster: what they have done before comes before all that follows, in tensor memory, too.
    DEEPGEMM_DEVICE static void meet() {
        ptx::tcgen05_fence_before();
        if constexpr (Config.cluster_ctas() > 1) {
            ptx::cluster_sync();
        } else {
            ptx::sync_cta();
        }
        ptx::tcgen05_fence_after();
    }

    /// One thread: initialises the barriers, which others may use once all have met.
    DEEPGEMM_DEVICE static void initialise(const storage& smem, const pipeline& pipe, const accumulators& sums) {
        results::initialise(storage::owners, [&](u32 owner) { return smem.at(regions::c_barriers{}, owner); });
        if constexpr (splits) split::initialise(smem.at(regions::part_barriers{}));
        if constexpr (storage::prepares) {
            DEEPGEMM_UNROLL
            for (u32 stage = 0; stage < u32(storage::stages); ++stage)
                ptx::mbarrier_init(smem.at(regions::prepared{}, stage), u32(ctas) * (mma::scaled ? 32 : 1));
        }
        if constexpr (claiming_schedule<Tiles>) typename Tiles::ring{smem.at(regions::claims{})}.initialise(walkers);
        sums.initialise();
        pipe.initialise();
    }

    /// Threads and warps of a cluster that walk the tiles: two producers, the warps that store and that which prepares, in each
    /// CTA; and those that multiply.
    static constexpr u32 walkers =
        u32(Config.cluster_ctas() * (2 + Config.sm100.epilogue_warps + (storage::prepares ? 1 : 0)) +
            Config.cluster_ctas() / ctas);

    /// One thread of the CTA, or of a pair: multiplies each tile into the next accumulator, which its warps have read.
    DEEPGEMM_DEVICE static void multiply(const params& p, const shared& here) {
        const i32 k = loads::shape_of(p).k;
        const u32 sa = here.tensor_memory + columns::a_scales, sb = here.tensor_memory + columns::b_scales;
        typename pipeline::cursor at;
        typename accumulators::cursor sum;
        sm100::pace<Config.sm100.tc_util> pace;
        for (const work_item tile : here.tiles_of(p, tile_reader::thread)) {
            const block_range blocks = tile.blocks();
            if (blocks.count == 0) continue;
            const u32 complete = here.sums.acquire(sum);
            const u32 d = here.tensor_memory + columns::accumulator(sum.stage);
            DEEPGEMM_NO_UNROLL
            for (i32 block_k = blocks.first; block_k < blocks.first + blocks.count; ++block_k) {
                await(here, at);
                mma::template copy_scales<storage::a_words::columns>(here.smem.sa(at.stage), sa);
                mma::template copy_scales<storage::b_words::columns>(here.smem.sb(at.stage), sb);
                const int steps =
                    ceil_div(min(k - tile.a(block_k).k, i32(block.k)), mma::k);  // beyond K there are no scales
                pace.before(u32(steps) * mma::step_clocks);
                mma::multiply(here.smem.a(at.stage), here.smem.b(at.stage), d, sa, sb, block_k, steps,
                              block_k == blocks.first);
                commit(here.pipe.empty(at), writers(here));
                at.advance();
            }
            commit(complete, together(here));
            sum.advance();
        }
    }
    /// The thread that multiplies: waits until a stage is complete, in both CTAs of a pair.
    DEEPGEMM_DEVICE static void await(const shared& here, typename pipeline::cursor at) {
        if constexpr (storage::prepares) {
            ptx::mbarrier_wait(here.prepared(at.stage), at.parity, "prepared stage");
        } else {
            here.pipe.wait(at);
        }
        ptx::tcgen05_fence_after();
    }
    /// The CTAs that multiply together, and those that write to the stages of this one, as masks of ranks.
    DEEPGEMM_DEVICE static u16 together(const shared& here) { return u16(((1u << ctas) - 1) << here.leader()); }
    DEEPGEMM_DEVICE static u16 writers(const shared& here) {
        if constexpr (storage::sharing.size() == 1) return together(here);
        return u16(here.pipe.peers.a_mask() | here.pipe.peers.b_mask());
    }
    /// The thread that multiplies: once all that it has started is complete, `barrier` is signalled in the CTAs of `receivers`.
    DEEPGEMM_DEVICE static void commit(u32 barrier, u16 receivers) {
        if constexpr (Config.cluster.size() > 1) {
            ptx::tcgen05_commit_multicast<ctas>(barrier, receivers);
        } else {
            ptx::tcgen05_commit<ctas>(barrier);
        }
    }

    /// Converged warp: `Registers` registers of the CTA's own totals from column `first` on.
    template <int Registers>
    DEEPGEMM_DEVICE static void read(const totals& total, int first, float (&value)[Registers]) {
        if (total.any) {
            ptx::tcgen05_fence_after();  // since then the thread may have waited for C, or for other warps
            sm100::read_lanes(total.here.tensor_memory, columns::accumulator(total.at.stage) + u32(first), value);
        } else {
            DEEPGEMM_UNROLL
            for (float& x : value) x = 0.0f;
        }
    }

    /// The warps that store.
    DEEPGEMM_DEVICE static void store(const params& p, const shared& here) {
        ptx::grid_dependency_wait();
        auto writer = tile_store<gemm>::of(here.smem, 0);
        split parts{here.smem.at(regions::parts{}), here.smem.at(regions::part_barriers{}), here.rank,
                    cta::warp(roles::store{})};
        const bool collects = !splits || parts.collects();
        typename accumulators::cursor at;
        for (const work_item tile : here.tiles_of(p, tile_reader::warp)) {
            const totals total{here, parts, at, tile.blocks().count != 0};
            const bool mine = collects && writer.reaches(tile);
            if (mine) {
                writer.expect(p, tile);
                writer.fetch(p, tile);
            }
            if (total.any) {
                here.sums.wait(at);
                at.advance();
            }
            if (mine) {
                writer.put(p, total, tile);
            } else if constexpr (splits) {
                send(total);
            } else {
                total.release();
            }
        }
        writer.finish();
    }

    /// Converged warp that does not collect: sends the totals of a tile, in the batches in which the collector stores them.
    DEEPGEMM_DEVICE static void send(const totals& total) {
        DEEPGEMM_UNROLL
        for (int first = 0; first < block.n; first += storage::taken_columns) {
            float value[storage::taken_columns];
            read(total, first, value);
            if (first + storage::taken_columns == block.n) total.release();
            total.parts.send(value);
        }
    }
};

static_assert(kernel<gemm<arch::sm100, operand<e4m3, scale::mx<scale::ue8m0>>, operand<e4m3, scale::mx<scale::ue8m0>>,
                          store<bf16>, config{}>>);

}  // namespace deepgemm
