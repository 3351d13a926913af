// SPDX-License-Identifier: MIT
// The fifth-generation tensor core of Blackwell (sm_100f: B200, B300): fences of tensor memory and commits to mbarriers, and
// with them all else: multiplies (tcgen05_mma.cuh), moves to registers and allocation (tcgen05_memory.cuh), copies from shared
// memory (tcgen05_copy.cuh). `Group` is cta_group: 1, or 2 for a pair of CTAs (ranks 2i and 2i+1). A tensor memory address is
// lane << 16 | column: 128 lanes of 512 32-bit columns. PTX ISA: "TensorCore 5th Generation".
#pragma once

#include <deepgemm/ptx/tcgen05_copy.cuh>
#include <deepgemm/ptx/tcgen05_group.cuh>
#include <deepgemm/ptx/tcgen05_memory.cuh>
#include <deepgemm/ptx/tcgen05_mma.cuh>
#include <deepgemm/ptx/tma.cuh>

#if DEEPGEMM_SIMULATED
#include <deepgemm/sim/tcgen05.hpp>
#endif

namespace deepgemm::ptx {

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

/// The same on the barrier at this offset in every CTA of `cta_mask`, which names one at least; all of them must be running.
template <int Group>
DEEPGEMM_DEVICE void tcgen05_commit_multicast(u32 barrier, u16 cta_mask) {
    detail::check_tcgen05<Group>();
#if DEEPGEMM_SIMULATED
    sim::tcgen05_commit_multicast(Group, barrier, cta_mask);
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

}  // namespace deepgemm::ptx
