// SPDX-License-Identifier: MIT
// Fences: between proxies (generic accesses and the async engines) and between scopes. Each orders only the calling
// thread's own accesses; a barrier has to follow before another thread may rely on them.
#pragma once

#include <deepgemm/layout/tensor_map.cuh>
#if DEEPGEMM_SIMULATED
#include <deepgemm/sim/tma.hpp>
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

/// Makes the calling thread's stores to global memory visible to the async proxy (TMA loads of what a kernel has just
/// written).
DEEPGEMM_DEVICE void fence_proxy_async_global() {
#if DEEPGEMM_SIMULATED
    sim::fence_proxy_async_global();
#else
    asm volatile("fence.proxy.async.global;" ::: "memory");
#endif
}

/// fence_proxy_async() and fence_proxy_async_global() in one, for every state space.
DEEPGEMM_DEVICE void fence_proxy_async_all() {
#if DEEPGEMM_SIMULATED
    sim::fence_proxy_async();
    sim::fence_proxy_async_global();
#else
    asm volatile("fence.proxy.async;" ::: "memory");
#endif
}

/// Releases, at GPU scope, a tensor map that the calling thread has written to global memory. A thread that copies with it
/// calls fence_tensor_map_acquire() first.
DEEPGEMM_DEVICE void fence_tensor_map_release() {
#if DEEPGEMM_SIMULATED
    sim::fence_tensor_map_release();
#else
    asm volatile("fence.proxy.tensormap::generic.release.gpu;" ::: "memory");
#endif
}

/// Acquires a tensor map in global memory, written by a kernel: the calling thread's later copies use its new contents.
/// The simulator checks that they are a tensor map.
DEEPGEMM_DEVICE void fence_tensor_map_acquire(const tensor_map* map) {
#if DEEPGEMM_SIMULATED
    sim::check_tensor_map(*map, "fence.proxy.tensormap");
    sim::acquire_map(map);
#else
    asm volatile("fence.proxy.tensormap::generic.acquire.gpu [%0], 128;" ::"l"(map) : "memory");
#endif
}

/// An acquire and release fence at GPU scope. After a relaxed load that reads a released value it makes the load an acquire;
/// before a relaxed store it makes the store a release.
DEEPGEMM_DEVICE void fence_acq_rel_gpu() {
#if DEEPGEMM_SIMULATED
    sim::fence_acq_rel(memory_scope::gpu);
#else
    asm volatile("fence.acq_rel.gpu;" ::: "memory");
#endif
}

/// The same at the scope of its cluster.
DEEPGEMM_DEVICE void fence_acq_rel_cluster() {
#if DEEPGEMM_SIMULATED
    sim::fence_acq_rel(memory_scope::cluster);
#else
    asm volatile("fence.acq_rel.cluster;" ::: "memory");
#endif
}

/// The same at the scope of the system: other GPUs and the host.
DEEPGEMM_DEVICE void fence_acq_rel_sys() {
#if DEEPGEMM_SIMULATED
    sim::fence_acq_rel(memory_scope::sys);
#else
    asm volatile("fence.acq_rel.sys;" ::: "memory");
#endif
}

}  // namespace deepgemm::ptx
