// SPDX-License-Identifier: MIT
// Fences: between proxies (generic accesses and the async engines) and between scopes. Each orders only the calling
// thread's own accesses; a barrier has to follow before another thread may rely on them.
#pragma once

#include <deepgemm/core/types.cuh>
#if DEEPGEMM_SIMULATED
#include <deepgemm/sim/memory.hpp>
#endif

namespace deepgemm::ptx {

/// Makes the calling thread's mbarrier_init() visible to peer CTAs and to the async proxy.
DEEPGEMM_DEVICE void fence_mbarrier_init() {
#if DEEPGEMM_SIMULATED
    sim::fence_mbarrier_init();
#else
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
#endif
}

/// Makes the calling thread's stores to shared memory visible to the async proxy (TMA stores, wgmma operands).
DEEPGEMM_DEVICE void fence_proxy_async() {
#if DEEPGEMM_SIMULATED
    sim::fence_proxy_async();
#else
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
#endif
}

/// Orders the calling thread's accesses at the scope of its GPU.
DEEPGEMM_DEVICE void fence_acq_rel_gpu() {
#if !DEEPGEMM_SIMULATED
    asm volatile("fence.acq_rel.gpu;" ::: "memory");
#endif
}

/// Orders the calling thread's accesses at the scope of its cluster.
DEEPGEMM_DEVICE void fence_acq_rel_cluster() {
#if !DEEPGEMM_SIMULATED
    asm volatile("fence.acq_rel.cluster;" ::: "memory");
#endif
}

}  // namespace deepgemm::ptx
