// SPDX-License-Identifier: MIT
// Floats on which packing to narrow formats is compared bit for bit: every upper half, with the lower bits that make
// exact values, ties and their neighbours; hence all exponents, infinities and NaNs.
#pragma once

#include <deepgemm/core/types.cuh>

#include <vector>

namespace convert_cases {

using namespace deepgemm;

inline std::vector<float> floats() {
    std::vector<float> all;
    for (u32 upper = 0; upper < 65536; ++upper) {
        for (u32 lower : {0x0000u, 0x0001u, 0x7fffu, 0x8000u, 0x8001u, 0xf000u, 0x1000u, 0x0fffu}) {
            all.push_back(bit_cast<float>(upper << 16 | lower));
        }
    }
    return all;
}

/// True if a word is a float rounded to TF32. The codes of NaN are as many as it has; of its words the upper 19 bits count.
inline bool is_tf32_of(u32 word, float x) {
    if (x != x) return (word & 0x7fffe000u) > 0x7f800000u;
    return word == bit_cast<u32>(float(tf32::from_float(x)));
}

/// What packing `x` must give in each format; NaN has one code.
struct codes {
    u32 bf16, f16, e4m3, e5m2;
    friend bool operator==(const codes&, const codes&) = default;
};
inline codes expected(float x) {
    if (x != x) return {0x7fff, 0x7fff, 0x7f, 0x7f};
    return {deepgemm::bf16::from_float(x).bits, deepgemm::f16::from_float(x).bits, deepgemm::e4m3::from_float(x).bits,
            deepgemm::e5m2::from_float(x).bits};
}

}  // namespace convert_cases
