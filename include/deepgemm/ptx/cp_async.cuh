// SPDX-License-Identifier: MIT
// cp.async: copies of single threads from global to shared memory that pass no registers. They arrive on an mbarrier once they
// have landed, or the thread waits for groups of its own. They are of the generic proxy: wgmma and TMA see them after a
// fence_proxy_async() of a thread that has waited for that mbarrier. PTX ISA, "Data Movement and Conversion Instructions:
// cp.async". SM80 and later.
#pragma once

#include <deepgemm/core/types.cuh>
#if DEEPGEMM_SIMULATED
#include <deepgemm/sim/cp_async.hpp>
#endif

namespace deepgemm::ptx {

/// Starts to copy `Bytes` bytes from global memory to shared address `to`, or, unless `reads`, zeros, and then reads nothing.
/// `Bytes` is 4, 8 or 16; both addresses are multiples of it. 16 bytes are kept in L2 only, fewer in L1, too.
template <int Bytes>
DEEPGEMM_DEVICE void cp_async(u32 to, const void* from, bool reads = true) {
    static_assert(Bytes == 4 || Bytes == 8 || Bytes == 16, "cp.async copies 4, 8 or 16 bytes");
#if DEEPGEMM_SIMULATED
    sim::cp_async(to, from, u32(Bytes), reads ? u32(Bytes) : 0);
#else
    if constexpr (Bytes == 16) {
        asm volatile(
            "{\n .reg .pred p;\n setp.eq.u32 p, %2, 0;\n cp.async.cg.shared.global [%0], [%1], 16, p;\n}" ::"r"(to),
            "l"(from), "r"(u32(reads))
            : "memory");
    } else {
        asm volatile(
            "{\n .reg .pred p;\n setp.eq.u32 p, %2, 0;\n cp.async.ca.shared.global [%0], [%1], %3, p;\n}" ::"r"(to),
            "l"(from), "r"(u32(reads)), "n"(Bytes)
            : "memory");
    }
#endif
}

/// The same, of which only the first `read` bytes are read; zeros fill up the rest. It takes more instructions. `InL1`: L1
/// keeps what it reads, which is the only way with fewer than 16 bytes.
template <int Bytes, bool InL1 = (Bytes < 16)>
DEEPGEMM_DEVICE void cp_async_part(u32 to, const void* from, u32 read) {
    static_assert(Bytes == 4 || Bytes == 8 || Bytes == 16, "cp.async copies 4, 8 or 16 bytes");
    static_assert(InL1 || Bytes == 16, "cp.async past L1 copies 16 bytes");
#if DEEPGEMM_SIMULATED
    sim::cp_async(to, from, u32(Bytes), read);
#else
    if constexpr (!InL1) {
        asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(read) : "memory");
    } else {
        asm volatile("cp.async.ca.shared.global [%0], [%1], %3, %2;" ::"r"(to), "l"(from), "r"(read), "n"(Bytes)
                     : "memory");
    }
#endif
}

/// One arrival at an mbarrier of the own CTA once all earlier cp_async() of the calling thread have landed. It counts as one of
/// the arrivals that the barrier was initialised with. Does not wait.
DEEPGEMM_DEVICE void cp_async_arrive(u32 bar) {
#if DEEPGEMM_SIMULATED
    sim::cp_async_arrive(bar);
#else
    asm volatile("cp.async.mbarrier.arrive.noinc.shared::cta.b64 [%0];" ::"r"(bar) : "memory");
#endif
}

/// Makes a group of all earlier cp_async() of the calling thread that are in none, or an empty one. Does not wait.
DEEPGEMM_DEVICE void cp_async_commit() {
#if DEEPGEMM_SIMULATED
    sim::cp_async_commit();
#else
    asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

/// Waits until all but the newest `Pending` groups of the calling thread have landed. That thread may then read them; others
/// may after a barrier.
template <int Pending>
DEEPGEMM_DEVICE void cp_async_wait() {
#if DEEPGEMM_SIMULATED
    sim::cp_async_wait(u32(Pending));
#else
    asm volatile("cp.async.wait_group %0;" ::"n"(Pending) : "memory");
#endif
}

}  // namespace deepgemm::ptx
