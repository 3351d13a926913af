// SPDX-License-Identifier: MIT
// What the instruction probes share: small kernels whose bytes of output must be the same on a GPU and on the simulator.
// A probe P is a class with:
//   threads, cluster, smem_bytes           geometry; the grid is one cluster
//   a_bytes, b_bytes, output_bytes         sizes of its global buffers; `a_type`, `b_type`, `output_type` their elements
//   maps(const void* a, const void* b, void* output, tensor_map_request (&)[3])     the tensor maps it uses
//   run(const probe_params&)               the kernel body
#pragma once

#include <deepgemm/core/math.cuh>
#include <deepgemm/mma/sm90/descriptor.cuh>
#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/ptx/cluster.cuh>
#include <deepgemm/ptx/cp_async.cuh>
#include <deepgemm/ptx/fence.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/matrix.cuh>
#include <deepgemm/ptx/mbarrier.cuh>
#include <deepgemm/ptx/mma.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/tma.cuh>
#include <deepgemm/ptx/wgmma.cuh>

namespace deepgemm::probes {

/// Parameters of every probe: device pointers, and the maps its maps() asked for.
struct probe_params {
    tensor_map map[3];
    const u8* a;
    const u8* b;
    u8* output;
};

/// Probes in a fixed order, by which results are matched.
template <class... Probes>
struct probe_list {};

/// A small deterministic pseudo-random number; the same on both sides.
DEEPGEMM_BOTH constexpr u32 hash(u32 x) {
    x = (x ^ x >> 16) * 0x7feb352du;
    x = (x ^ x >> 15) * 0x846ca68bu;
    return x ^ x >> 16;
}

/// Element `i` of a buffer as a small integer, exact in every operand type.
DEEPGEMM_BOTH constexpr float small_integer(u32 buffer, u32 i) {
    return float(int(hash(i * 2654435761u + buffer) % 7) - 3);
}

/// Starts a barrier of one arrival at `bar`; returns after the whole CTA may use it.
DEEPGEMM_DEVICE void make_barrier(u32 bar) {
    if (ptx::thread_index() == 0) {
        ptx::mbarrier_init(bar, 1);
        ptx::fence_mbarrier_init();
    }
    ptx::sync_cta();
}

/// Copies `bytes` of shared memory, word by word, to the output at `offset`.
DEEPGEMM_DEVICE void dump_shared(u8* output, u32 address, u32 bytes) {
    for (u32 i = ptx::thread_index() * 4; i < bytes; i += ptx::thread_count() * 4) {
        ptx::st_global(reinterpret_cast<u32*>(output + i), ptx::ld_shared<u32>(address + i));
    }
}

/// Fills `bytes` of shared memory with words computed from their index and publishes them to the async proxy.
template <class F>
DEEPGEMM_DEVICE void fill_shared(u32 address, u32 bytes, F&& word) {
    for (u32 i = ptx::thread_index() * 4; i < bytes; i += ptx::thread_count() * 4) {
        ptx::st_shared<u32>(address + i, word(i / 4));
    }
    ptx::fence_proxy_async();
    ptx::sync_cta();
}

}  // namespace deepgemm::probes
