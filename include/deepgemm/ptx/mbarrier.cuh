// SPDX-License-Identifier: MIT
// mbarrier: an 8-byte barrier in shared memory that counts arrivals of threads and bytes of asynchronous copies.
// A phase completes when no arrival is pending and the transaction count is zero; then the next phase begins.
// PTX ISA, "Parallel Synchronization and Communication Instructions: mbarrier".
#pragma once

#include <deepgemm/core/types.cuh>
#if DEEPGEMM_SIMULATED
#include <deepgemm/sim/mbarrier.hpp>
#elif DEEPGEMM_DEBUG && !defined(__CUDACC_RTC__)
#include <stdio.h>  // printf, which NVRTC knows by itself
#endif

namespace deepgemm::ptx {

/// Makes an mbarrier of `count` arrivals per phase at the 8-byte aligned address `bar`. Called by one thread; peers and
/// the async proxy may use it after fence_mbarrier_init() and a barrier of the CTA or cluster.
DEEPGEMM_DEVICE void mbarrier_init(u32 bar, u32 count) {
#if DEEPGEMM_SIMULATED
    sim::mbarrier_init(bar, count);
#else
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(bar), "r"(count) : "memory");
#endif
}

/// Ends the life of an mbarrier, so that its bytes may hold something else.
DEEPGEMM_DEVICE void mbarrier_invalidate(u32 bar) {
#if DEEPGEMM_SIMULATED
    sim::mbarrier_invalidate(bar);
#else
    asm volatile("mbarrier.inval.shared::cta.b64 [%0];" ::"r"(bar) : "memory");
#endif
}

/// One arrival by the calling thread. It releases the thread's earlier accesses to the threads that observe the phase.
DEEPGEMM_DEVICE void mbarrier_arrive(u32 bar) {
#if DEEPGEMM_SIMULATED
    sim::mbarrier_arrive(bar, 1, 0, "mbarrier.arrive");
#else
    asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(bar) : "memory");
#endif
}

/// `count` arrivals at once.
DEEPGEMM_DEVICE void mbarrier_arrive(u32 bar, u32 count) {
#if DEEPGEMM_SIMULATED
    sim::mbarrier_arrive(bar, count, 0, "mbarrier.arrive");
#else
    asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0], %1;" ::"r"(bar), "r"(count) : "memory");
#endif
}

/// Announces `bytes` of copies for the current phase, then arrives once.
DEEPGEMM_DEVICE void mbarrier_arrive_expect_tx(u32 bar, u32 bytes) {
#if DEEPGEMM_SIMULATED
    sim::mbarrier_arrive(bar, 1, bytes, "mbarrier.arrive.expect_tx");
#else
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(bar), "r"(bytes) : "memory");
#endif
}

/// Announces `bytes` of copies for the current phase without arriving.
DEEPGEMM_DEVICE void mbarrier_expect_tx(u32 bar, u32 bytes) {
#if DEEPGEMM_SIMULATED
    sim::mbarrier_arrive(bar, 0, bytes, "mbarrier.expect_tx");
#else
    asm volatile("mbarrier.expect_tx.relaxed.cta.shared::cta.b64 [%0], %1;" ::"r"(bar), "r"(bytes) : "memory");
#endif
}

/// One arrival at the barrier of the same offset in the CTA of rank `cta_rank`, which must not have exited. The instruction
/// does not say `.release.cluster`, which would cost a fence in every arrival.
DEEPGEMM_DEVICE void mbarrier_arrive_remote(u32 bar, u32 cta_rank) {
#if DEEPGEMM_SIMULATED
    sim::mbarrier_arrive(sim::map_to_rank(bar, cta_rank), 1, 0, "mbarrier.arrive (remote)");
#else
    asm volatile(
        "{\n .reg .b32 remote;\n mapa.shared::cluster.u32 remote, %0, %1;\n"
        " mbarrier.arrive.shared::cluster.b64 _, [remote];\n}" ::"r"(bar),
        "r"(cta_rank)
        : "memory");
#endif
}

/// Announces `bytes` of copies for the current phase of the barrier of the same offset in the CTA of rank `cta_rank`, which
/// must not have exited. Orders nothing.
DEEPGEMM_DEVICE void mbarrier_expect_tx_remote(u32 bar, u32 cta_rank, u32 bytes) {
#if DEEPGEMM_SIMULATED
    sim::mbarrier_arrive(sim::map_to_rank(bar, cta_rank), 0, bytes, "mbarrier.expect_tx (remote)");
#else
    asm volatile(
        "{\n .reg .b32 remote;\n mapa.shared::cluster.u32 remote, %0, %1;\n"
        " mbarrier.expect_tx.relaxed.cluster.shared::cluster.b64 [remote], %2;\n}" ::"r"(bar),
        "r"(cta_rank), "r"(bytes)
        : "memory");
#endif
}

/// One arrival by a thread that takes no part in later phases: from the next one on, the barrier expects one less.
DEEPGEMM_DEVICE void mbarrier_arrive_drop(u32 bar) {
#if DEEPGEMM_SIMULATED
    sim::mbarrier_arrive_drop(bar);
#else
    asm volatile("mbarrier.arrive_drop.shared::cta.b64 _, [%0];" ::"r"(bar) : "memory");
#endif
}

/// mbarrier_arrive_remote() with an address that map_to_rank() has mapped before, for use in loops.
DEEPGEMM_DEVICE void mbarrier_arrive_mapped(u32 bar) {
#if DEEPGEMM_SIMULATED
    sim::mbarrier_arrive(bar, 1, 0, "mbarrier.arrive (remote)");
#else
    asm volatile("mbarrier.arrive.shared::cluster.b64 _, [%0];" ::"r"(bar) : "memory");
#endif
}

/// True if the phase of this parity has completed; does not wait. A fresh barrier answers true to parity 1.
DEEPGEMM_DEVICE bool mbarrier_test(u32 bar, u32 parity) {
#if DEEPGEMM_SIMULATED
    return sim::mbarrier_test(bar, parity);
#else
    u32 done;
    asm volatile("{\n .reg .pred p;\n mbarrier.test_wait.parity.shared::cta.b64 p, [%1], %2;\n selp.u32 %0, 1, 0, p;\n}"
                 : "=r"(done)
                 : "r"(bar), "r"(parity)
                 : "memory");
    return done != 0;
#endif
}

/// Tells the simulator that the calling thread skips phases of a barrier because other threads wait for them on its behalf.
/// Without this call the simulator reports a phase that a thread has not observed. No instruction on a GPU.
DEEPGEMM_DEVICE void mbarrier_forget([[maybe_unused]] u32 bar) {
#if DEEPGEMM_SIMULATED
    sim::mbarrier_forget(bar);
#endif
}

/// Waits until the phase of this parity has completed; acquires what its arrivals released and its copies wrote.
/// `name` is for reports. With DEEPGEMM_DEBUG the wait on a GPU is bounded: after 2^32 cycles it reports and traps.
DEEPGEMM_DEVICE void mbarrier_wait(u32 bar, u32 parity, [[maybe_unused]] const char* name = "") {
#if DEEPGEMM_SIMULATED
    sim::mbarrier_wait(bar, parity, name);
#elif DEEPGEMM_DEBUG
    const long long start = clock64();
    u32 done = 0;
    while (done == 0) {
        asm volatile(
            "{\n .reg .pred p;\n mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2;\n selp.u32 %0, 1, 0, p;\n}"
            : "=r"(done)
            : "r"(bar), "r"(parity)
            : "memory");
        if (done == 0 && clock64() - start > (1ll << 32)) {
            printf("deepgemm: CTA %u,%u,%u warp %u lane %u waited too long for barrier '%s' at 0x%x, parity %u\n",
                   blockIdx.x, blockIdx.y, blockIdx.z, threadIdx.x / 32, threadIdx.x % 32, name, bar, parity);
            __trap();
        }
    }
#else
    // The hint, in nanoseconds, lets a waiting thread sleep instead of polling.
    asm volatile(
        "{\n .reg .pred p;\nWAIT:\n mbarrier.try_wait.parity.shared::cta.b64 p, [%0], %1, %2;\n @p bra DONE;\n"
        " bra WAIT;\nDONE:\n}" ::"r"(bar),
        "r"(parity), "r"(10'000'000)
        : "memory");
#endif
}

}  // namespace deepgemm::ptx
