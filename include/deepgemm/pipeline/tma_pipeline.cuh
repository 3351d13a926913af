// SPDX-License-Identifier: MIT
// A ring of shared-memory stages filled by TMA and drained by tensor cores, with two mbarriers a stage: `full` (bytes
// landed) and `empty` (all readers done). Under multicast a stage is free only when the readers of every CTA it
// reaches say so. The words acquire, commit, wait and release are all there is.
#pragma once

#include <deepgemm/pipeline/multicast.cuh>
#include <deepgemm/pipeline/pipeline.cuh>
#include <deepgemm/pipeline/ring.cuh>
#include <deepgemm/ptx/cluster.cuh>
#include <deepgemm/ptx/fence.cuh>
#include <deepgemm/ptx/mbarrier.cuh>
#include <deepgemm/ptx/thread.cuh>

namespace deepgemm {

/// `Stages` stages, each filled by `Producers` threads and released by `ConsumerWarps` warps of each CTA that its data reaches.
template <int Stages, int ConsumerWarps, cluster_shape Cluster, int Producers = 1>
struct tma_pipeline {
    static_assert(Stages >= 2, "a pipeline needs at least two stages");
    using cursor = ring<Stages>;
    static constexpr u32 barrier_bytes = 2 * 8 * Stages;

    u32 barriers;              ///< shared address of `barrier_bytes` bytes: the full barriers, then the empty ones
    multicast<Cluster> peers;  ///< this CTA's place in its cluster
    u32 release_to =
        empty_of_writer();  ///< in clusters: the empty barrier of stage 0 that this lane of a warp arrives at

    /// Shared addresses of a stage's barriers.
    DEEPGEMM_DEVICE u32 full(cursor at) const { return full_of(at.stage); }
    DEEPGEMM_DEVICE u32 empty(cursor at) const { return empty_of(at.stage); }

    /// Initialises the barriers; called by one thread, which may use them at once. All others may after the CTA's (or the
    /// cluster's) first synchronisation. Written out: a loop of it would take several times as long.
    DEEPGEMM_DEVICE void initialise() const {
        DEEPGEMM_UNROLL
        for (u32 stage = 0; stage < u32(Stages); ++stage) {
            ptx::mbarrier_init(full_of(stage), Producers);
            ptx::mbarrier_init(empty_of(stage), ConsumerWarps * multicast<Cluster>::writers);
        }
        ptx::fence_mbarrier_init();
    }

    /// Producer thread: waits until the stage is free in every CTA it reaches. Returns the barrier its copies complete on.
    DEEPGEMM_DEVICE u32 acquire(cursor at) const {
        ptx::mbarrier_wait(empty(at), at.parity ^ 1, "producer: empty stage");
        return full(at);
    }

    /// Producer thread: announces how many bytes of its copies will land in this CTA's stage, those of its peers' slices included.
    DEEPGEMM_DEVICE void commit(cursor at, u32 bytes) const { ptx::mbarrier_arrive_expect_tx(full(at), bytes); }

    /// Math threads: waits until the stage's bytes have landed; they are visible to wgmma and to ordinary loads.
    DEEPGEMM_DEVICE void wait(cursor at) const { ptx::mbarrier_wait(full(at), at.parity, "math: full stage"); }

    /// Math threads: true if the stage's bytes have landed, as wait() would find. Does not wait: the instruction of wait(),
    /// try_wait, puts a warp to sleep for a while where they have not, and here it has better things to do.
    DEEPGEMM_DEVICE bool landed(cursor at) const { return ptx::mbarrier_test(full(at), at.parity); }

    /// Math threads: passes over `blocks` K blocks that other warpgroups take. Only what orders the warpgroups (turns) lets the
    /// next wait begin.
    DEEPGEMM_DEVICE void pass_over(cursor& at, i32 blocks) const {
        for (u32 stage = 0; stage < u32(Stages); ++stage) ptx::mbarrier_forget(full_of(stage));
        at.skip(blocks);
    }

    /// Math warps, converged: this warp reads the stage no more. The reads of wgmma have ended at its wait, so no
    /// release fence is needed: an arrive with .release.cluster scope would cost half the kernel's speed.
    DEEPGEMM_DEVICE void release(cursor at) const {
        const u32 lane = ptx::lane_index();
        if constexpr (Cluster.size() == 1) {
            if (lane == 0) ptx::mbarrier_arrive(empty(at));
        } else {
            if (lane < u32(multicast<Cluster>::writers)) ptx::mbarrier_arrive_mapped(release_to + 8 * at.stage);
        }
    }

private:
    DEEPGEMM_DEVICE u32 full_of(u32 stage) const { return barriers + 8 * stage; }
    DEEPGEMM_DEVICE u32 empty_of(u32 stage) const { return barriers + 8 * (Stages + stage); }

    /// Found once, at the start: which CTA a lane tells is a puzzle that would stand between multiply and promotion.
    DEEPGEMM_DEVICE u32 empty_of_writer() const {
        if constexpr (Cluster.size() == 1) return 0;
        const u32 lane = ptx::lane_index();
        return lane < u32(multicast<Cluster>::writers) ? ptx::map_to_rank(empty_of(0), peers.writer(lane)) : 0;
    }
};

static_assert(smem_pipeline<tma_pipeline<4, 8, cluster_shape{1, 1}>>);
static_assert(smem_pipeline<tma_pipeline<3, 4, cluster_shape{2, 1}>>);

}  // namespace deepgemm
