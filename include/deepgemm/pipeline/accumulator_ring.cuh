// SPDX-License-Identifier: MIT
// The ring of accumulators in tensor memory between the thread that multiplies and the warps that store: tma_pipeline again.
// The tensor cores fill one (tcgen05.commit arrives on its full barrier) while warps store another.
#pragma once

#include <deepgemm/pipeline/tma_pipeline.cuh>
#include <deepgemm/ptx/tcgen05.cuh>

namespace deepgemm {

/// `Accumulators` accumulators, each of which `Warps` warps in each of `Ctas` CTAs that multiply together read. The thread that
/// multiplies is in the CTA of even rank.
template <int Accumulators, int Warps, int Ctas>
struct accumulator_ring : tma_pipeline<Accumulators, Warps * Ctas, cluster_shape{}> {
    using ring = tma_pipeline<Accumulators, Warps * Ctas, cluster_shape{}>;
    using cursor = typename ring::cursor;

    /// The ring whose barriers are at shared address `barriers`.
    DEEPGEMM_DEVICE static accumulator_ring at(u32 barriers) { return {{barriers, {0}}}; }

    /// The thread that multiplies: waits until all warps have read the accumulator. Returns the barrier that its commit
    /// signals.
    DEEPGEMM_DEVICE u32 acquire(cursor at) const {
        const u32 full = ring::acquire(at);
        ptx::tcgen05_fence_after();
        return full;
    }
    /// Converged warp: has read the accumulator.
    DEEPGEMM_DEVICE void release(cursor at) const {
        ptx::tcgen05_fence_before();
        ptx::sync_warp();
        if constexpr (Ctas == 1) {
            ring::release(at);
        } else {
            if (ptx::lane_index() == 0) ptx::mbarrier_arrive_remote(this->empty(at), ptx::cluster_rank() & ~1u);
        }
    }
};

}  // namespace deepgemm
