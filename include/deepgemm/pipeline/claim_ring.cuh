// SPDX-License-Identifier: MIT
// The ring by which the roles of a cluster learn which tiles it takes over from clusters that have not begun. One thread of
// each CTA asks: that of the first CTA by cluster launch control, whose answer then comes to every CTA at the same place. All
// other roles read the answers in the same order. A slot has a full barrier in each CTA (the answer has landed) and an empty
// one in the first CTA (all readers of all CTAs have read it).
#pragma once

#include <deepgemm/pipeline/ring.cuh>
#include <deepgemm/ptx/cluster.cuh>
#include <deepgemm/ptx/cluster_launch.cuh>
#include <deepgemm/ptx/fence.cuh>
#include <deepgemm/ptx/mbarrier.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/warp.cuh>

namespace deepgemm {

/// `Slots` answers, in each of the `Ctas` CTAs of a cluster.
template <int Slots, int Ctas>
struct claim_ring {
    static_assert(Slots >= 2, "claim_ring: one answer is read while another is asked for");
    using cursor = ring<Slots>;
    static constexpr u32 bytes = 32 * Slots;  ///< the answers, the full barriers, the empty barriers

    u32 base = 0;  ///< shared address of `bytes` bytes, a multiple of 16, at the same offset in every CTA

    /// One thread of each CTA, before the cluster meets: `readers` threads or warps of the cluster read each answer.
    DEEPGEMM_DEVICE void initialise(u32 readers) const {
        DEEPGEMM_UNROLL
        for (u32 slot = 0; slot < u32(Slots); ++slot) {
            ptx::mbarrier_init(full(slot), 1);
            ptx::mbarrier_init(empty(slot), readers);
        }
        ptx::fence_mbarrier_init();
    }

    /// One thread of each CTA, which reads all answers, too: asks for the answer at `at`. It may not ask again once an answer
    /// was that nothing is left. In other CTAs than the first the answer may land before this call; the phase then waits for
    /// it.
    DEEPGEMM_DEVICE void ask(cursor at) const {
        const bool asks = Ctas == 1 || ptx::cluster_rank() == 0;
        if (asks) ptx::mbarrier_wait(empty(at.stage), at.parity ^ 1, "asker: empty answer");
        ptx::mbarrier_arrive_expect_tx(full(at.stage), 16);
        if (!asks) return;
        if constexpr (Ctas == 1) {
            ptx::try_cancel_cluster(answer(at.stage), full(at.stage));
        } else {
            ptx::try_cancel_cluster_multicast(answer(at.stage), full(at.stage));
        }
    }

    /// A reader: waits for the answer at `at`; the number of the cluster that was cancelled, or -1 if none was. All lanes of a
    /// converged warp read together if it is a reader `by_warp`.
    DEEPGEMM_DEVICE i32 read(cursor at, bool by_warp) const {
        ptx::mbarrier_wait(full(at.stage), at.parity, "claimed tile");
        const ptx::cancelled_cluster next = ptx::read_cancelled(answer(at.stage));
        ptx::fence_proxy_async();  // the next answer in this slot is written by the async proxy
        if (by_warp) ptx::sync_warp();
        if (!by_warp || ptx::lane_index() == 0) {
            if constexpr (Ctas == 1) {
                ptx::mbarrier_arrive(empty(at.stage));
            } else {
                ptx::mbarrier_arrive_remote(empty(at.stage), 0);
            }
        }
        return next.found ? i32(next.x) / Ctas : -1;
    }

private:
    DEEPGEMM_DEVICE u32 answer(u32 slot) const { return base + 16 * slot; }
    DEEPGEMM_DEVICE u32 full(u32 slot) const { return base + 16 * Slots + 8 * slot; }
    DEEPGEMM_DEVICE u32 empty(u32 slot) const { return base + 24 * Slots + 8 * slot; }
};

}  // namespace deepgemm
