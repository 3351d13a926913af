// SPDX-License-Identifier: MIT
// A bitonic sort of 64-bit keys by all threads of a CTA: in registers, by shuffles, and through shared memory where keys of
// different warps meet.
#pragma once

#include <deepgemm/core/math.cuh>
#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/warp.cuh>

namespace deepgemm {

/// Sorts `Each` keys of each of `Threads` threads; both are powers of two. Key e of thread t has place t * Each + e.
template <int Each, u32 Threads>
struct topk_sort {
    static_assert(is_power_of_two(Each) && is_power_of_two(Threads) && Threads >= 32);

    /// All threads: sorts from high to low. `smem` is the address of 8 bytes for each key, which no thread uses any more, and
    /// which may be used again at once.
    DEEPGEMM_DEVICE static void descending(u64 (&key)[Each], u32 smem) {
        const u32 first = ptx::thread_index() * Each;
        DEEPGEMM_NO_UNROLL
        for (u32 size = 2; size <= Threads * Each; size *= 2) {
            DEEPGEMM_NO_UNROLL
            for (u32 distance = size / 2; distance >= 32 * Each; distance /= 2) {
                across_warps(key, smem, first, distance, size);
            }
            DEEPGEMM_NO_UNROLL
            for (u32 distance = min(size / 2, u32(16 * Each)); distance >= Each; distance /= 2) {
                const bool larger = keeps_larger(first, distance, size);
                DEEPGEMM_UNROLL
                for (u64& mine : key) mine = chosen(larger, mine, others(mine, distance / Each));
            }
            DEEPGEMM_UNROLL
            for (u32 distance = Each / 2; distance >= 1; distance /= 2) {
                if (distance < size) in_thread(key, first, distance, size);
            }
        }
    }

private:
    /// True if of two keys `distance` apart the larger one belongs at `place`, in runs of `size` that go down and up in turn.
    DEEPGEMM_DEVICE static bool keeps_larger(u32 place, u32 distance, u32 size) {
        return ((place & distance) == 0) == ((place & size) == 0);
    }
    DEEPGEMM_DEVICE static u64 chosen(bool larger, u64 a, u64 b) { return (a > b) == larger ? a : b; }
    DEEPGEMM_DEVICE static u64 others(u64 mine, u32 lanes) {
        return u64(ptx::shuffle_xor(u32(mine >> 32), lanes)) << 32 | ptx::shuffle_xor(u32(mine), lanes);
    }
    DEEPGEMM_DEVICE static void in_thread(u64 (&key)[Each], u32 first, u32 distance, u32 size) {
        DEEPGEMM_UNROLL
        for (u32 e = 0; e < u32(Each); ++e) {
            if ((e & distance) != 0) continue;
            const u64 a = key[e], b = key[e + distance];
            const bool swaps = (a < b) == (((first + e) & size) == 0);
            key[e] = swaps ? b : a;
            key[e + distance] = swaps ? a : b;
        }
    }
    DEEPGEMM_DEVICE static void across_warps(u64 (&key)[Each], u32 smem, u32 first, u32 distance, u32 size) {
        const u32 mine = smem + 8 * ptx::thread_index(), other = smem + 8 * (ptx::thread_index() ^ (distance / Each));
        DEEPGEMM_UNROLL
        for (u32 e = 0; e < u32(Each); ++e) ptx::st_shared(mine + 8 * Threads * e, key[e]);
        ptx::sync_cta();
        const bool larger = keeps_larger(first, distance, size);
        DEEPGEMM_UNROLL
        for (u32 e = 0; e < u32(Each); ++e) {
            key[e] = chosen(larger, key[e], ptx::ld_shared<u64>(other + 8 * Threads * e));
        }
        ptx::sync_cta();
    }
};

}  // namespace deepgemm
