// SPDX-License-Identifier: MIT
// Barriers among threads of one CTA: the 16 hardware barriers, of which sync_cta() uses number 0.
#pragma once

#include <deepgemm/core/types.cuh>
#if DEEPGEMM_SIMULATED
#include <deepgemm/sim/barrier.hpp>
#endif

namespace deepgemm::ptx {

/// Barrier of all threads of the CTA; orders their accesses to memory.
DEEPGEMM_DEVICE void sync_cta() {
#if DEEPGEMM_SIMULATED
    sim::barrier_sync(0, sim::my_geometry().threads);
#else
    __syncthreads();
#endif
}

/// Arrives at barrier `id` (1 to 15) and waits until `threads` (a multiple of 32) have arrived. Called by whole warps.
DEEPGEMM_DEVICE void barrier_sync(u32 id, u32 threads) {
#if DEEPGEMM_SIMULATED
    sim::barrier_sync(id, threads);
#else
    asm volatile("bar.sync %0, %1;" ::"r"(id), "r"(threads) : "memory");
#endif
}

/// Arrives at barrier `id` and goes on; another warp waits with barrier_sync() of the same `threads`.
DEEPGEMM_DEVICE void barrier_arrive(u32 id, u32 threads) {
#if DEEPGEMM_SIMULATED
    sim::barrier_arrive(id, threads);
#else
    asm volatile("bar.arrive %0, %1;" ::"r"(id), "r"(threads) : "memory");
#endif
}

}  // namespace deepgemm::ptx
