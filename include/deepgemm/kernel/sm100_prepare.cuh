// SPDX-License-Identifier: MIT
// The role of Blackwell's GEMM that stands between copies and multiplies: a warp of each CTA brings the scales of a stage to
// the order in which tensor memory takes them, and tells the thread that multiplies, which may be in the other CTA of a pair.
#pragma once

#include <deepgemm/kernel/sm100_storage.cuh>
#include <deepgemm/pipeline/claim_ring.cuh>
#include <deepgemm/ptx/fence.cuh>
#include <deepgemm/ptx/grid_dependency.cuh>
#include <deepgemm/ptx/mbarrier.cuh>
#include <deepgemm/ptx/warp.cuh>
#include <deepgemm/schedule/schedule.cuh>

namespace deepgemm {

/// Prepares stage after stage of kernel `Gemm`, which names the parts: storage, pipeline, tiles, scales and the multiply.
template <class Gemm>
struct stage_preparer {
    using params = typename Gemm::params;
    using shared = typename Gemm::shared;
    using storage = typename Gemm::storage;
    using mma = typename Gemm::mma;
    using a_scale = typename Gemm::a_scale;
    using b_scale = typename Gemm::b_scale;
    static constexpr int block_k = Gemm::block.k;

    /// Converged warp: all stages of the CTA, of a product with extents `shape`.
    DEEPGEMM_DEVICE static void run(const params& p, const shared& here, const problem_shape& shape) {
        wait_for_words(p);
        typename storage::a_words a_words;
        typename storage::b_words b_words;
        typename Gemm::pipeline::cursor at;
        for (const typename Gemm::work_item tile : here.tiles_of(p, tile_reader::warp)) {
            const block_range blocks = tile.blocks();
            if (blocks.count == 0) continue;
            const operand_place a = tile.a(blocks.first), b = tile.b(blocks.first);
            a_words.start(p.a.scale, {a.row, shape.m, shape.k, Gemm::a_stream::scale_words(p.a, a.matrix)},
                          scale::index_of_block<a_scale, block_k>(blocks.first));
            b_words.start(p.b.scale, {b.row, shape.n, shape.k, Gemm::b_stream::scale_words(p.b, b.matrix)},
                          scale::index_of_block<b_scale, block_k>(blocks.first));
            DEEPGEMM_NO_UNROLL
            for (i32 block = blocks.first; block < blocks.first + blocks.count; ++block) {
                here.pipe.wait(at);
                a_words.put(scale::index_of_block<a_scale, block_k>(block), here.smem.sa(at.stage));
                b_words.put(scale::index_of_block<b_scale, block_k>(block), here.smem.sb(at.stage));
                if constexpr (mma::scaled) ptx::fence_proxy_async();
                if (mma::scaled || ptx::lane_index() == 0) tell_leader(here, here.prepared(at.stage));
                at.advance();
            }
        }
    }

private:
    DEEPGEMM_DEVICE static void tell_leader(const shared& here, u32 barrier) {
        if constexpr (Gemm::ctas > 1) {
            ptx::mbarrier_arrive_remote(barrier, here.leader());
        } else {
            ptx::mbarrier_arrive(barrier);
        }
    }
    /// In a dependent launch: waits for the kernel before if it may write scales that threads load.
    DEEPGEMM_DEVICE static void wait_for_words(const params& p) {
        constexpr bool of_a = mma::scaled && !scale::by_copies<a_scale>,
                       of_b = mma::scaled && !scale::by_copies<b_scale>;
        if ((of_a && !p.a.ready) || (of_b && !p.b.ready)) ptx::grid_dependency_wait();
    }
};

}  // namespace deepgemm
