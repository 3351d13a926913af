// SPDX-License-Identifier: MIT
// Counter-based random numbers: a value depends on (seed, index) alone, so that any kernel can draw it again.
#pragma once

#include <deepgemm/core/types.cuh>

namespace deepgemm::bench {

/// Mixes a 64-bit counter into 64 random bits (the finaliser of SplitMix64).
__device__ inline u64 random_bits(u64 seed, u64 index) {
    u64 x = seed * 0xd1342543de82ef95ull + (index + 1) * 0x9e3779b97f4a7c15ull;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ x >> 27) * 0x94d049bb133111ebull;
    return x ^ x >> 31;
}

/// A standard normal value, rounded to BF16 (Box-Muller).
__device__ inline float normal_bf16(u64 seed, u64 index) {
    const u64 bits = random_bits(seed, index);
    const float u = (float(u32(bits) >> 8) + 0.5f) * 0x1p-24f, v = float(u32(bits >> 32)) * 0x1p-32f;
    return float(bf16::from_float(sqrtf(-2 * logf(u)) * cospif(2 * v)));
}

/// What C holds where a case accumulates: 32 times a normal value, exact in BF16 and FP32 alike.
__device__ inline float c_value(u64 seed, u64 index) { return 32 * normal_bf16(seed ^ 0x5eed0fc, index); }

}  // namespace deepgemm::bench
