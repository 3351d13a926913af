// SPDX-License-Identifier: MIT
// Scales as small floats, four to a word along K: byte j of word w is scale 4 w + j in UE4M3, which is E4M3 without a sign.
// Blackwell's tensor cores take these bytes as they are, one for each 16 elements of FP4.
#pragma once

#include <deepgemm/core/small_types.cuh>
#include <deepgemm/scale/granularities.cuh>

namespace deepgemm::scale {

/// Four UE4M3 scales per 32-bit word, least significant byte first.
struct ue4m3 {
    static constexpr scale_kind kind = scale_kind::ue4m3;
    static constexpr int per_word = 4;

    /// Scale number `index` along K, from its word. Byte 127 is NaN, as is every byte with the top bit set.
    DEEPGEMM_BOTH static constexpr float decode(u32 word, int index) {
        return float(deepgemm::ue4m3(u8(word >> (8 * (index % 4)))));
    }

    /// The byte of a scale: rounded to nearest even, from 2^-9, the smallest number above 0, to 448. Larger scales become 448,
    /// NaN and negative ones 127 (NaN). A scale that rounds to 0 becomes 2^-9, so that its reciprocal is finite.
    /// Infinity becomes NaN. Host or device, any thread.
    DEEPGEMM_BOTH static constexpr u32 encode(float scale) {
        if (deepgemm::detail::is_infinite(scale)) return 127;
        return max(u32(deepgemm::ue4m3::from_float(scale).bits), u32(1));
    }
};

static_assert(scale_format<ue4m3> && scale_granularity<nv<ue4m3>>);

}  // namespace deepgemm::scale
