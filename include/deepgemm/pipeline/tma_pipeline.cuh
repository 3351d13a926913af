// SPDX-License-Identifier: MIT
// A ring of shared-memory stages that TMA fills and tensor cores read. Each stage has two mbarriers: `full` (all bytes have
// landed) and `empty` (all readers have left). Under multicast a stage is free only when the readers in every CTA that it
// reaches have left.
#pragma once

#include <deepgemm/pipeline/multicast.cuh>
#include <deepgemm/pipeline/pipeline.cuh>
#include <deepgemm/pipeline/ring.cuh>
#include <deepgemm/ptx/cluster.cuh>
#include <deepgemm/ptx/fence.cuh>
#include <deepgemm/ptx/mbarrier.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/warp.cuh>

namespace deepgemm {

/// `Stages` stages. `Producers` arrivals of threads or warps fill each, and `ConsumerWarps` arrivals in each CTA that its data
/// reaches, one of a warp unless all its lanes arrive, release it.
template <int Stages, int ConsumerWarps, cluster_shape Cluster, int Producers = 1>
struct tma_pipeline {
    static_assert(Stages >= 2, "a pipeline needs at least two stages");
    using cursor = ring<Stages>;
    static constexpr u32 barrier_bytes = 2 * 8 * Stages;

    u32 barriers;              ///< shared address of `barrier_bytes` bytes: the full barriers, then the empty ones
    multicast<Cluster> peers;  ///< this CTA's place in its cluster
    u32 release_to = empty_of_writer();  ///< in clusters: the empty barrier of stage 0 that this lane signals

    /// Shared addresses of a stage's barriers.
    DEEPGEMM_DEVICE u32 full(cursor at) const { return full_of(at.stage); }
    DEEPGEMM_DEVICE u32 empty(cursor at) const { return empty_of(at.stage); }

    /// One thread: initialises the barriers, and may use them at once. Other threads may after the first synchronisation of the
    /// CTA (or of the cluster). Unrolled, because a loop would take several times as long.
    DEEPGEMM_DEVICE void initialise() const {
        DEEPGEMM_UNROLL
        for (u32 stage = 0; stage < u32(Stages); ++stage) {
            ptx::mbarrier_init(full_of(stage), Producers);
            ptx::mbarrier_init(empty_of(stage), ConsumerWarps * multicast<Cluster>::writers);
        }
        ptx::fence_mbarrier_init();
    }

    /// Producer thread: waits until the stage is free in every CTA that it reaches. Returns the barrier on which its copies
    /// complete.
    DEEPGEMM_DEVICE u32 acquire(cursor at) const {
        ptx::mbarrier_wait(empty(at), at.parity ^ 1, "producer: empty stage");
        return full(at);
    }

    /// Producer thread: announces how many bytes will land in this CTA's stage, including those of slices that peers load.
    DEEPGEMM_DEVICE void commit(cursor at, u32 bytes) const { ptx::mbarrier_arrive_expect_tx(full(at), bytes); }

    /// Each lane of a producer warp: what it has stored in the stage is complete. All of them count among the `Producers`.
    DEEPGEMM_DEVICE void stored_by_lanes(cursor at) const { ptx::mbarrier_arrive(full(at)); }

    /// Math threads: waits until the stage's bytes have landed. They are then visible to wgmma and to ordinary loads.
    DEEPGEMM_DEVICE void wait(cursor at) const { ptx::mbarrier_wait(full(at), at.parity, "math: full stage"); }

    /// Math threads: true if the stage's bytes have landed. It never waits: try_wait, the instruction of wait(), suspends a
    /// warp for a while if they have not, and the caller still has work to do.
    DEEPGEMM_DEVICE bool landed(cursor at) const { return ptx::mbarrier_test(full(at), at.parity); }

    /// Math threads: skips `blocks` K blocks that other warpgroups take. The next wait() is legal only once the turn of this
    /// warpgroup has come (pipeline/turns.cuh).
    DEEPGEMM_DEVICE void pass_over(cursor& at, i32 blocks) const {
        for (u32 stage = 0; stage < u32(Stages); ++stage) ptx::mbarrier_forget(full_of(stage));
        at.skip(blocks);
    }

    /// Math warps, converged: this warp has finished reading the stage. Reads of wgmma are complete at its wait, so no release
    /// fence is needed; an arrive with .release.cluster scope would halve the kernel's speed.
    DEEPGEMM_DEVICE void release(cursor at) const {
        const u32 lane = ptx::lane_index();
        if constexpr (Cluster.size() == 1) {
            if (lane == 0) ptx::mbarrier_arrive(empty(at));
        } else {
            if (lane < u32(multicast<Cluster>::writers)) ptx::mbarrier_arrive_mapped(release_to + 8 * at.stage);
        }
    }

    /// Any lane of a math warp: it has finished reading the stage, by ordinary loads, which a producer then overwrites by
    /// ordinary stores. All lanes arrive, and count among the `ConsumerWarps`.
    DEEPGEMM_DEVICE void release_by_lanes(cursor at) const {
        static_assert(Cluster.size() == 1, "release_by_lanes: other CTAs are not told");
        ptx::mbarrier_arrive(empty(at));
    }

private:
    DEEPGEMM_DEVICE u32 full_of(u32 stage) const { return barriers + 8 * stage; }
    DEEPGEMM_DEVICE u32 empty_of(u32 stage) const { return barriers + 8 * (Stages + stage); }

    /// Computed once per lane, at the start. Computing it per K block put a divergent branch between multiply and promotion.
    DEEPGEMM_DEVICE u32 empty_of_writer() const {
        if constexpr (Cluster.size() == 1) return 0;
        const u32 lane = ptx::lane_index();
        return lane < u32(multicast<Cluster>::writers) ? ptx::map_to_rank(empty_of(0), peers.writer(lane)) : 0;
    }
};

static_assert(smem_pipeline<tma_pipeline<4, 8, cluster_shape{1, 1}>>);
static_assert(smem_pipeline<tma_pipeline<3, 4, cluster_shape{2, 1}>>);

}  // namespace deepgemm
