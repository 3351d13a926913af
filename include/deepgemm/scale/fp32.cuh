// SPDX-License-Identifier: MIT
// Scales stored as floats, one to a word.
#pragma once

#include <deepgemm/scale/granularities.cuh>

namespace deepgemm::scale {

/// One FP32 scale a word.
struct fp32 {
    static constexpr scale_kind kind = scale_kind::fp32;
    static constexpr int per_word = 1;

    /// The scale in `word`, which holds no other.
    DEEPGEMM_BOTH static constexpr float decode(u32 word, int /*index*/) { return bit_cast<float>(word); }
};

static_assert(scale_format<fp32> && scale_granularity<per_token<fp32>> && scale_granularity<per_block<fp32>>);

}  // namespace deepgemm::scale
