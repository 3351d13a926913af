// SPDX-License-Identifier: MIT
// Scales that are powers of two, four to a word along K: byte j of word w is the exponent of scale 4 w + j, whose value is
// 2^(byte - 127). Blackwell's tensor cores take these bytes as they are; on Hopper the math warps decode them.
#pragma once

#include <deepgemm/scale/granularities.cuh>

namespace deepgemm::scale {

/// Four UE8M0 exponents per 32-bit word, least significant byte first.
struct ue8m0 {
    static constexpr scale_kind kind = scale_kind::ue8m0;
    static constexpr int per_word = 4;

    /// Scale number `index` along K, from its word. Byte 0 is 2^-127 (a float subnormal), byte 255 is NaN.
    DEEPGEMM_BOTH static constexpr float decode(u32 word, int index) {
        const u32 exponent = word >> (8 * (index % 4)) & 0xff;
        const u32 bits = exponent << 23;
        return bit_cast<float>(exponent == 0 ? 0x00400000u : exponent == 255 ? 0x7fc00000u : bits);
    }

    /// The byte of a scale: powers of two from 2^-127 to 2^127 have one, and +0 takes that of 2^-127. Every other value becomes
    /// 255 (NaN), so that a product with it is visibly wrong. Nothing is rounded. Host or device, any thread.
    DEEPGEMM_BOTH static constexpr u32 encode(float scale) {
        const u32 bits = bit_cast<u32>(scale);
        if (bits == 0x00400000u) return 0;
        return (bits & 0x807fffffu) == 0 ? bits >> 23 : 255;
    }
};

static_assert(scale_format<ue8m0> && scale_granularity<per_token<ue8m0>> && scale_granularity<per_block<ue8m0>>);

}  // namespace deepgemm::scale
