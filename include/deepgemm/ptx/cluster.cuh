// SPDX-License-Identifier: MIT
// Thread block clusters: the cluster's barrier and access to the shared memory of peer CTAs (DSMEM).
// All threads of all CTAs of the cluster take part in the barrier.
#pragma once

#include <deepgemm/ptx/vector.cuh>
#if DEEPGEMM_SIMULATED
#include <deepgemm/sim/barrier.hpp>
#include <deepgemm/sim/tma.hpp>
#endif

namespace deepgemm::ptx {

/// Arrives at the cluster barrier and releases the thread's earlier accesses. Called by whole warps.
DEEPGEMM_DEVICE void cluster_arrive() {
#if DEEPGEMM_SIMULATED
    sim::cluster_arrive();
#else
    asm volatile("barrier.cluster.arrive.release.aligned;" ::: "memory");
#endif
}

/// Arrives at the cluster barrier without ordering memory; after fence_mbarrier_init(), for example.
DEEPGEMM_DEVICE void cluster_arrive_relaxed() {
#if DEEPGEMM_SIMULATED
    sim::cluster_arrive(false);
#else
    asm volatile("barrier.cluster.arrive.relaxed.aligned;" ::: "memory");
#endif
}

/// Waits until all threads of the cluster have arrived; pairs with one arrive of the thread.
DEEPGEMM_DEVICE void cluster_wait() {
#if DEEPGEMM_SIMULATED
    sim::cluster_wait();
#else
    asm volatile("barrier.cluster.wait.acquire.aligned;" ::: "memory");
#endif
}

/// Barrier of all threads of the cluster.
DEEPGEMM_DEVICE void cluster_sync() {
    cluster_arrive();
    cluster_wait();
}

/// The address, in the cluster's window, of the byte at `address` (own CTA) in the CTA of rank `rank`.
DEEPGEMM_DEVICE u32 map_to_rank(u32 address, u32 rank) {
#if DEEPGEMM_SIMULATED
    return sim::map_to_rank(address, rank);
#else
    u32 mapped;
    asm volatile("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(mapped) : "r"(address), "r"(rank));
    return mapped;
#endif
}

/// Loads a T of 4, 8 or 16 bytes from an address of map_to_rank(). The peer CTA must not have exited.
template <movable T>
DEEPGEMM_DEVICE T ld_shared_cluster(u32 address) {
    static_assert(sizeof(T) >= 4, "ld_shared_cluster moves 4, 8 or 16 bytes");
#if DEEPGEMM_SIMULATED
    return sim::ld_shared<T>(address, "ld.shared::cluster");
#else
    detail::words<T> v;
    if constexpr (sizeof(T) == 4) {
        asm volatile("ld.shared::cluster.b32 %0, [%1];" : "=r"(v.w[0]) : "r"(address) : "memory");
    } else if constexpr (sizeof(T) == 8) {
        asm volatile("ld.shared::cluster.v2.b32 {%0, %1}, [%2];"
                     : "=r"(v.w[0]), "=r"(v.w[1])
                     : "r"(address)
                     : "memory");
    } else {
        asm volatile("ld.shared::cluster.v4.b32 {%0, %1, %2, %3}, [%4];"
                     : "=r"(v.w[0]), "=r"(v.w[1]), "=r"(v.w[2]), "=r"(v.w[3])
                     : "r"(address)
                     : "memory");
    }
    return bit_cast<T>(v);
#endif
}

/// Stores a T of 4, 8 or 16 bytes to an address of map_to_rank(). The peer CTA must not have exited.
template <movable T>
DEEPGEMM_DEVICE void st_shared_cluster(u32 address, const T& value) {
    static_assert(sizeof(T) >= 4, "st_shared_cluster moves 4, 8 or 16 bytes");
#if DEEPGEMM_SIMULATED
    sim::st_shared(address, value, "st.shared::cluster");
#else
    const auto v = bit_cast<detail::words<T>>(value);
    if constexpr (sizeof(T) == 4) {
        asm volatile("st.shared::cluster.b32 [%0], %1;" ::"r"(address), "r"(v.w[0]) : "memory");
    } else if constexpr (sizeof(T) == 8) {
        asm volatile("st.shared::cluster.v2.b32 [%0], {%1, %2};" ::"r"(address), "r"(v.w[0]), "r"(v.w[1]) : "memory");
    } else {
        asm volatile("st.shared::cluster.v4.b32 [%0], {%1, %2, %3, %4};" ::"r"(address), "r"(v.w[0]), "r"(v.w[1]),
                     "r"(v.w[2]), "r"(v.w[3])
                     : "memory");
    }
#endif
}

/// Stores 16 bytes asynchronously to shared memory of another CTA. `address` and `bar` come from map_to_rank() for the same
/// rank. The store counts as 16 transaction bytes on the mbarrier `bar`, and threads that wait for its phase see the data. The
/// receiving CTA must not exit before that; the sending one may.
template <movable T>
DEEPGEMM_DEVICE void st_async(u32 address, const T& value, u32 bar) {
    static_assert(sizeof(T) == 16, "st_async moves 16 bytes");
#if DEEPGEMM_SIMULATED
    sim::st_async(address, &value, bar);
#else
    const auto v = bit_cast<detail::words<T>>(value);
    asm volatile(
        "st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.v4.b32 [%0], {%1, %2, %3, %4}, [%5];" ::"r"(
            address),
        "r"(v.w[0]), "r"(v.w[1]), "r"(v.w[2]), "r"(v.w[3]), "r"(bar)
        : "memory");
#endif
}

}  // namespace deepgemm::ptx
