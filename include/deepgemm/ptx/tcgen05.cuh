// SPDX-License-Identifier: MIT
// The fifth-generation tensor core of Blackwell (sm_100f: B200, B300): tensor memory, copies of scale factors, commits to
// mbarriers; multiplies, which one thread issues, are in tcgen05_mma.cuh. `Group` is cta_group: 1, or 2 for a pair of CTAs (ranks
// 2i and 2i+1).
// A tensor memory address is lane << 16 | column: 128 lanes of 512 32-bit columns. PTX ISA: "TensorCore 5th Generation".
#pragma once

#include <deepgemm/layout/tensor_map.cuh>
#include <deepgemm/ptx/tcgen05_group.cuh>
#include <deepgemm/ptx/tcgen05_mma.cuh>

#if DEEPGEMM_SIMULATED
#include <deepgemm/sim/tcgen05.hpp>
#endif

namespace deepgemm::ptx {

/// Allocates `columns` (a power of two, 32 to 512) of tensor memory and writes its address to shared memory.
/// Called by one whole warp (with Group 2: of both CTAs); blocks while there is no room.
template <int Group>
DEEPGEMM_DEVICE void tmem_allocate(u32 destination, u32 columns) {
    detail::check_tcgen05<Group>();
#if DEEPGEMM_SIMULATED
    sim::tmem_allocate(Group, destination, columns);
#else
    asm volatile("tcgen05.alloc.cta_group::%2.sync.aligned.shared::cta.b32 [%0], %1;" ::"r"(destination), "r"(columns),
                 "n"(Group)
                 : "memory");
#endif
}

/// Frees an allocation. Called by one whole warp before the kernel ends, after all uses have completed.
template <int Group>
DEEPGEMM_DEVICE void tmem_free(u32 address, u32 columns) {
    detail::check_tcgen05<Group>();
#if DEEPGEMM_SIMULATED
    sim::tmem_free(Group, address, columns);
#else
    asm volatile("tcgen05.dealloc.cta_group::%2.sync.aligned.b32 %0, %1;" ::"r"(address), "r"(columns), "n"(Group));
#endif
}

/// Declares that this CTA allocates no more, so that another CTA on the SM may. Called by one whole warp.
template <int Group>
DEEPGEMM_DEVICE void tmem_relinquish() {
    detail::check_tcgen05<Group>();
#if DEEPGEMM_SIMULATED
    sim::tmem_relinquish(Group);
#else
    asm volatile("tcgen05.relinquish_alloc_permit.cta_group::%0.sync.aligned;" ::"n"(Group));
#endif
}

/// Copies 32 rows of 16 bytes (the scales of 128 rows, four K groups) to four columns of all four lane quarters.
/// Called by one thread; ordered with the multiplies it issues.
template <int Group>
DEEPGEMM_DEVICE void tcgen05_copy_scales(u32 address, u64 descriptor) {
    detail::check_tcgen05<Group>();
#if DEEPGEMM_SIMULATED
    sim::tcgen05_copy_scales(Group, address, descriptor);
#else
    asm volatile("tcgen05.cp.cta_group::%2.32x128b.warpx4 [%0], %1;" ::"r"(address), "l"(descriptor), "n"(Group));
#endif
}

/// Arrives once on `barrier` when all earlier tcgen05 operations of this thread are complete.
template <int Group>
DEEPGEMM_DEVICE void tcgen05_commit(u32 barrier) {
    detail::check_tcgen05<Group>();
#if DEEPGEMM_SIMULATED
    sim::tcgen05_commit(Group, barrier, 0);
#else
    asm volatile("tcgen05.commit.cta_group::%1.mbarrier::arrive::one.shared::cluster.b64 [%0];" ::"r"(barrier),
                 "n"(Group)
                 : "memory");
#endif
}

/// The same on the barrier at this offset in every CTA of `cta_mask`.
template <int Group>
DEEPGEMM_DEVICE void tcgen05_commit_multicast(u32 barrier, u16 cta_mask) {
    detail::check_tcgen05<Group>();
#if DEEPGEMM_SIMULATED
    sim::tcgen05_commit(Group, barrier, cta_mask);
#else
    asm volatile(
        "tcgen05.commit.cta_group::%2.mbarrier::arrive::one.shared::cluster.multicast::cluster.b64 [%0], %1;" ::"r"(
            barrier),
        "h"(cta_mask), "n"(Group)
        : "memory");
#endif
}

/// Orders tcgen05 operations after the barrier wait that precedes this fence. Called by every thread that waited.
template <int Group = 1>
DEEPGEMM_DEVICE void tcgen05_fence_after() {
    detail::check_tcgen05<Group>();
#if DEEPGEMM_SIMULATED
    sim::tcgen05_fence_after();
#else
    asm volatile("tcgen05.fence::after_thread_sync;" ::: "memory");
#endif
}

/// Orders earlier tcgen05 operations before the barrier arrival that follows this fence.
template <int Group = 1>
DEEPGEMM_DEVICE void tcgen05_fence_before() {
    detail::check_tcgen05<Group>();
#if DEEPGEMM_SIMULATED
    sim::tcgen05_fence_before();
#else
    asm volatile("tcgen05.fence::before_thread_sync;" ::: "memory");
#endif
}

/// Loads 32 columns of this warp's 32 lanes (warp w: lanes 32*(w%4)..), one lane per thread. Called by a whole warp;
/// `r` is valid after tcgen05_wait_load.
template <int Group = 1>
DEEPGEMM_DEVICE void tcgen05_load(u32 (&r)[32], u32 address) {
    detail::check_tcgen05<Group>();
#if DEEPGEMM_SIMULATED
    sim::tcgen05_load(r, address, {.repeat = 32});
#else
    asm volatile(
        "tcgen05.ld.sync.aligned.32x32b.x32.b32 {%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15,"
        "%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29,%30,%31}, [%32];"
        : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]), "=r"(r[4]), "=r"(r[5]), "=r"(r[6]), "=r"(r[7]), "=r"(r[8]),
          "=r"(r[9]), "=r"(r[10]), "=r"(r[11]), "=r"(r[12]), "=r"(r[13]), "=r"(r[14]), "=r"(r[15]), "=r"(r[16]),
          "=r"(r[17]), "=r"(r[18]), "=r"(r[19]), "=r"(r[20]), "=r"(r[21]), "=r"(r[22]), "=r"(r[23]), "=r"(r[24]),
          "=r"(r[25]), "=r"(r[26]), "=r"(r[27]), "=r"(r[28]), "=r"(r[29]), "=r"(r[30]), "=r"(r[31])
        : "r"(address));
#endif
}

/// The same of 16 columns, and of 8.
template <int Group = 1>
DEEPGEMM_DEVICE void tcgen05_load(u32 (&r)[16], u32 address) {
    detail::check_tcgen05<Group>();
#if DEEPGEMM_SIMULATED
    sim::tcgen05_load(r, address, {.repeat = 16});
#else
    asm volatile(
        "tcgen05.ld.sync.aligned.32x32b.x16.b32 {%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15}, [%16];"
        : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]), "=r"(r[4]), "=r"(r[5]), "=r"(r[6]), "=r"(r[7]), "=r"(r[8]),
          "=r"(r[9]), "=r"(r[10]), "=r"(r[11]), "=r"(r[12]), "=r"(r[13]), "=r"(r[14]), "=r"(r[15])
        : "r"(address));
#endif
}
template <int Group = 1>
DEEPGEMM_DEVICE void tcgen05_load(u32 (&r)[8], u32 address) {
    detail::check_tcgen05<Group>();
#if DEEPGEMM_SIMULATED
    sim::tcgen05_load(r, address, {.repeat = 8});
#else
    asm volatile("tcgen05.ld.sync.aligned.32x32b.x8.b32 {%0,%1,%2,%3,%4,%5,%6,%7}, [%8];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]), "=r"(r[4]), "=r"(r[5]), "=r"(r[6]), "=r"(r[7])
                 : "r"(address));
#endif
}

/// Waits until all tcgen05_load of this thread have arrived in registers. Called by a whole warp.
template <int Group = 1>
DEEPGEMM_DEVICE void tcgen05_wait_load() {
    detail::check_tcgen05<Group>();
#if DEEPGEMM_SIMULATED
    sim::tcgen05_wait(false);
#else
    asm volatile("tcgen05.wait::ld.sync.aligned;" ::: "memory");
#endif
}

/// A two-dimensional TMA load that, with Group 2, reports to the barrier of the pair's leader (the even rank).
template <int Group>
DEEPGEMM_DEVICE void tma_load_pair(const tensor_map& map, u32 destination, u32 barrier, const i32 (&coord)[2]) {
    detail::check_tcgen05<Group>();
#if DEEPGEMM_SIMULATED
    sim::tma_load_pair(Group, map, destination, barrier, coord);
#else
    const u32 leader_barrier = Group == 2 ? barrier & 0xfeffffffu : barrier;  // clears the low bit of the rank
    asm volatile(
        "cp.async.bulk.tensor.2d.cta_group::%5.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%3, "
        "%4}], [%2];" ::"r"(destination),
        "l"(&map), "r"(leader_barrier), "r"(coord[0]), "r"(coord[1]), "n"(Group)
        : "memory");
#endif
}

}  // namespace deepgemm::ptx
