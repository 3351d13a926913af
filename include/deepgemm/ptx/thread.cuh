// SPDX-License-Identifier: MIT
// Indices of the calling thread, its warp, CTA and cluster, and clocks, read from special registers; and how a thread ends its
// kernel with an error.
#pragma once

#include <deepgemm/core/types.cuh>
#if DEEPGEMM_SIMULATED
#include <deepgemm/sim/warp.hpp>
#elif DEEPGEMM_DEBUG && !defined(__CUDACC_RTC__)
#include <stdio.h>  // printf, which NVRTC knows by itself
#endif

namespace deepgemm::ptx {

/// Ends the kernel with an error; any thread.
DEEPGEMM_DEVICE void trap() {
#if DEEPGEMM_SIMULATED
    sim::trap();
#else
    __trap();
#endif
}

/// The same with the reason: a sentence with two numbers, as printf takes them. On a GPU it is printed with DEEPGEMM_DEBUG
/// only.
DEEPGEMM_DEVICE void trap([[maybe_unused]] const char* reason, [[maybe_unused]] i32 first,
                          [[maybe_unused]] i32 second) {
#if DEEPGEMM_SIMULATED
    sim::fail(reason, first, second);
#else
#if DEEPGEMM_DEBUG
    printf("deepgemm: ");
    printf(reason, first, second);
    printf("\n");
#endif
    __trap();
#endif
}

/// The same where the second number has 64 bits, for which `reason` has a %lld.
DEEPGEMM_DEVICE void trap([[maybe_unused]] const char* reason, [[maybe_unused]] i32 first,
                          [[maybe_unused]] i64 second) {
#if DEEPGEMM_SIMULATED
    sim::fail(reason, first, static_cast<long long>(second));
#else
#if DEEPGEMM_DEBUG
    printf("deepgemm: ");
    printf(reason, first, static_cast<long long>(second));
    printf("\n");
#endif
    __trap();
#endif
}

/// True where kernels check what costs time and only a caller's error makes false: on the simulator, and with DEEPGEMM_DEBUG.
inline constexpr bool checks_promises = DEEPGEMM_SIMULATED || DEEPGEMM_DEBUG;

/// Index of the calling thread in its CTA (blocks are one-dimensional).
DEEPGEMM_DEVICE u32 thread_index() {
#if DEEPGEMM_SIMULATED
    return sim::me().index;
#else
    return threadIdx.x;
#endif
}

/// The same, read when it is called: for loops that have no register to keep it in.
DEEPGEMM_DEVICE u32 thread_index_now() {
#if DEEPGEMM_SIMULATED
    return sim::me().index;
#else
    u32 index;
    asm volatile("mov.u32 %0, %%tid.x;" : "=r"(index));
    return index;
#endif
}

/// Threads of the CTA.
DEEPGEMM_DEVICE u32 thread_count() {
#if DEEPGEMM_SIMULATED
    return sim::my_geometry().threads;
#else
    return blockDim.x;
#endif
}

/// Index of the thread in its warp, 0 to 31.
DEEPGEMM_DEVICE u32 lane_index() {
#if DEEPGEMM_SIMULATED
    return sim::me().lane;
#else
    u32 lane;
    asm("mov.u32 %0, %%laneid;" : "=r"(lane));
    return lane;
#endif
}

/// Index of the warp in its CTA, known to the compiler as uniform. Called by whole warps.
DEEPGEMM_DEVICE u32 warp_index() {
#if DEEPGEMM_SIMULATED
    return sim::me().index / 32;
#else
    return __shfl_sync(0xffffffffu, threadIdx.x / 32, 0);
#endif
}

/// Index of the warpgroup (128 threads) in its CTA, known to the compiler as uniform. Called by whole warps.
DEEPGEMM_DEVICE u32 warpgroup_index() {
#if DEEPGEMM_SIMULATED
    return sim::me().index / 128;
#else
    return __shfl_sync(0xffffffffu, threadIdx.x / 128, 0);
#endif
}

/// Coordinate of the CTA in the grid, along x.
DEEPGEMM_DEVICE u32 cta_index() {
#if DEEPGEMM_SIMULATED
    return sim::me().cta->index.x;
#else
    return blockIdx.x;
#endif
}

/// Along y.
DEEPGEMM_DEVICE u32 cta_index_y() {
#if DEEPGEMM_SIMULATED
    return sim::me().cta->index.y;
#else
    return blockIdx.y;
#endif
}

/// Along z.
DEEPGEMM_DEVICE u32 cta_index_z() {
#if DEEPGEMM_SIMULATED
    return sim::me().cta->index.z;
#else
    return blockIdx.z;
#endif
}

/// Extent of the grid in CTAs, along x.
DEEPGEMM_DEVICE u32 cta_count() {
#if DEEPGEMM_SIMULATED
    return sim::my_geometry().grid.x;
#else
    return gridDim.x;
#endif
}

/// Along y.
DEEPGEMM_DEVICE u32 cta_count_y() {
#if DEEPGEMM_SIMULATED
    return sim::my_geometry().grid.y;
#else
    return gridDim.y;
#endif
}

/// Along z.
DEEPGEMM_DEVICE u32 cta_count_z() {
#if DEEPGEMM_SIMULATED
    return sim::my_geometry().grid.z;
#else
    return gridDim.z;
#endif
}

/// Rank of the CTA in its cluster (x fastest); 0 without clusters.
DEEPGEMM_DEVICE u32 cluster_rank() {
#if DEEPGEMM_SIMULATED
    return sim::me().cta->rank;
#else
    u32 rank;
    asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
    return rank;
#endif
}

/// CTAs of the cluster; 1 without clusters.
DEEPGEMM_DEVICE u32 cluster_size() {
#if DEEPGEMM_SIMULATED
    return sim::my_geometry().cluster.count();
#else
    u32 size;
    asm volatile("mov.u32 %0, %%cluster_nctarank;" : "=r"(size));
    return size;
#endif
}

/// Index of the cluster along x of the grid.
DEEPGEMM_DEVICE u32 cluster_index() {
#if DEEPGEMM_SIMULATED
    return sim::me().cta->index.x / sim::my_geometry().cluster.x;
#else
    u32 index;
    asm volatile("mov.u32 %0, %%clusterid.x;" : "=r"(index));
    return index;
#endif
}

/// Clusters along x of the grid.
DEEPGEMM_DEVICE u32 cluster_count() {
#if DEEPGEMM_SIMULATED
    return sim::my_geometry().grid.x / sim::my_geometry().cluster.x;
#else
    u32 count;
    asm volatile("mov.u32 %0, %%nclusterid.x;" : "=r"(count));
    return count;
#endif
}

/// The multiprocessor that runs this CTA. The simulator answers with the CTA's linear index in the grid.
DEEPGEMM_DEVICE u32 sm_index() {
#if DEEPGEMM_SIMULATED
    return sim::linear_index(*sim::me().cta);
#else
    u32 index;
    asm volatile("mov.u32 %0, %%smid;" : "=r"(index));
    return index;
#endif
}

/// A clock for measurements: cycles of the multiprocessor, or ticks of the simulator's scheduler.
DEEPGEMM_DEVICE u64 clock() {
#if DEEPGEMM_SIMULATED
    return sim::current().now;
#else
    u64 cycles;
    asm volatile("mov.u64 %0, %%clock64;" : "=l"(cycles)::"memory");
    return cycles;
#endif
}

/// Waits until clock() is at least `time`. The thread polls, since a sleep may take twice the time asked for.
DEEPGEMM_DEVICE void wait_for_clock(u64 time) {
#if DEEPGEMM_SIMULATED
    sim::pause_until(time);
#else
    while (clock() < time) {
    }
#endif
}

/// Nanoseconds of a clock that all threads of a GPU share and the GPUs of a host nearly share. It serves time limits, not
/// measurements. On the simulator a tick of the scheduler is 32 ns, and a round in which all threads only poll is 10 ms.
DEEPGEMM_DEVICE u64 global_timer() {
#if DEEPGEMM_SIMULATED
    return 32 * sim::current().now + sim::current().idle_time;
#else
    u64 nanoseconds;
    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(nanoseconds)::"memory");
    return nanoseconds;
#endif
}

/// Names the role of the calling warp in error messages, deadlock reports and traces. Nothing on a GPU.
DEEPGEMM_DEVICE void role([[maybe_unused]] const char* name) {
#if DEEPGEMM_SIMULATED
    sim::set_role(name);
#endif
}

}  // namespace deepgemm::ptx
