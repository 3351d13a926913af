// SPDX-License-Identifier: MIT
// Collectives of one full, converged warp: election, shuffles, votes, reductions.
#pragma once

#include <deepgemm/ptx/thread.cuh>

namespace deepgemm::ptx {

/// True in exactly one lane of the warp, the same one in every call of a converged warp. Which one is not specified.
DEEPGEMM_DEVICE bool elect_one() {
#if DEEPGEMM_SIMULATED
    return sim::elect_one();
#else
    u32 elected;
    asm volatile("{\n .reg .pred p;\n elect.sync _|p, 0xffffffff;\n selp.u32 %0, 1, 0, p;\n}" : "=r"(elected));
    return elected != 0;
#endif
}

/// Waits for all lanes of the warp and orders their accesses to memory.
DEEPGEMM_DEVICE void sync_warp() {
#if DEEPGEMM_SIMULATED
    sim::sync_warp();
#else
    __syncwarp();
#endif
}

/// The value that lane `lane` holds. T is u32, i32 or float, here and below.
template <class T>
DEEPGEMM_DEVICE T shuffle(T value, u32 lane) {
#if DEEPGEMM_SIMULATED
    return bit_cast<T>(sim::shuffle(sim::shuffle_mode::index, bit_cast<u32>(value), lane));
#else
    return __shfl_sync(0xffffffffu, value, int(lane));
#endif
}

/// The value of lane 0, for a value that all lanes hold alike. It tells the compiler that the value is the same in all lanes,
/// so that it and what is computed from it stay in uniform registers.
DEEPGEMM_DEVICE u32 uniform(u32 value) { return shuffle(value, 0); }

/// Converged warp: a value that is the same in all lanes, in a uniform register, which is where reductions of a warp leave their
/// result. uniform() may leave its own elsewhere. A kernel for sm_80 or newer.
DEEPGEMM_DEVICE u32 in_uniform_register(u32 value) {
#if DEEPGEMM_SIMULATED
    return uniform(value);
#else
    u32 held;
    asm volatile("redux.sync.or.b32 %0, %1, 0xffffffff;" : "=r"(held) : "r"(value));
    return held;
#endif
}

/// The value of the lane whose index is the own one XOR `mask`.
template <class T>
DEEPGEMM_DEVICE T shuffle_xor(T value, u32 mask) {
#if DEEPGEMM_SIMULATED
    return bit_cast<T>(sim::shuffle(sim::shuffle_mode::exclusive_or, bit_cast<u32>(value), mask));
#else
    return __shfl_xor_sync(0xffffffffu, value, int(mask));
#endif
}

/// The value of the lane `delta` below; the lowest `delta` lanes keep their own.
template <class T>
DEEPGEMM_DEVICE T shuffle_up(T value, u32 delta) {
#if DEEPGEMM_SIMULATED
    return bit_cast<T>(sim::shuffle(sim::shuffle_mode::up, bit_cast<u32>(value), delta));
#else
    return __shfl_up_sync(0xffffffffu, value, delta);
#endif
}

/// The value of the lane `delta` above; the highest `delta` lanes keep their own.
template <class T>
DEEPGEMM_DEVICE T shuffle_down(T value, u32 delta) {
#if DEEPGEMM_SIMULATED
    return bit_cast<T>(sim::shuffle(sim::shuffle_mode::down, bit_cast<u32>(value), delta));
#else
    return __shfl_down_sync(0xffffffffu, value, delta);
#endif
}

/// Bit i is lane i's predicate.
DEEPGEMM_DEVICE u32 ballot(bool predicate) {
#if DEEPGEMM_SIMULATED
    return sim::ballot(predicate);
#else
    return __ballot_sync(0xffffffffu, predicate);
#endif
}

/// True if the predicate holds in some lane.
DEEPGEMM_DEVICE bool any(bool predicate) {
#if DEEPGEMM_SIMULATED
    return sim::ballot(predicate) != 0;
#else
    return __any_sync(0xffffffffu, predicate) != 0;
#endif
}

/// True if the predicate holds in every lane.
DEEPGEMM_DEVICE bool all(bool predicate) {
#if DEEPGEMM_SIMULATED
    return sim::ballot(predicate) == 0xffffffffu;
#else
    return __all_sync(0xffffffffu, predicate) != 0;
#endif
}

/// How many bits of `mask` are set; any thread.
DEEPGEMM_DEVICE u32 count_bits(u32 mask) {
#if DEEPGEMM_SIMULATED
    return u32(__builtin_popcount(mask));
#else
    return u32(__popc(int(mask)));
#endif
}

/// How many bits `value` has without leading zeros; any thread.
DEEPGEMM_DEVICE u32 bit_length(u64 value) {
#if DEEPGEMM_SIMULATED
    return value == 0 ? 0 : 64 - u32(__builtin_clzll(value));
#else
    return 64 - u32(__clzll(i64(value)));
#endif
}

/// The same of 32 bits.
DEEPGEMM_DEVICE u32 bit_length(u32 value) {
#if DEEPGEMM_SIMULATED
    return value == 0 ? 0 : 32 - u32(__builtin_clz(value));
#else
    return 32 - u32(__clz(i32(value)));
#endif
}

/// Sum over the lanes, modulo 2^32, in every lane.
DEEPGEMM_DEVICE u32 reduce_add(u32 value) {
#if DEEPGEMM_SIMULATED
    return sim::reduce(sim::reduction::add, value);
#else
    return __reduce_add_sync(0xffffffffu, value);
#endif
}

/// Smallest value of the lanes, in every lane.
DEEPGEMM_DEVICE u32 reduce_min(u32 value) {
#if DEEPGEMM_SIMULATED
    return sim::reduce(sim::reduction::min, value);
#else
    return __reduce_min_sync(0xffffffffu, value);
#endif
}

/// Largest value of the lanes, in every lane.
DEEPGEMM_DEVICE u32 reduce_max(u32 value) {
#if DEEPGEMM_SIMULATED
    return sim::reduce(sim::reduction::max, value);
#else
    return __reduce_max_sync(0xffffffffu, value);
#endif
}

/// Sum over this lane and those below, modulo 2^32.
DEEPGEMM_DEVICE u32 inclusive_sum(u32 value) {
    DEEPGEMM_UNROLL
    for (u32 delta = 1; delta < 32; delta *= 2) {
        const u32 below = shuffle_up(value, delta);
        if (lane_index() >= delta) value += below;
    }
    return value;
}

}  // namespace deepgemm::ptx
