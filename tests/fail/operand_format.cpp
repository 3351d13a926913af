// SPDX-License-Identifier: MIT
// A format of scales must give the FP32 scale back.
// expect: operand: the scales must model scale_granularity: scale::per_token<...>, say
// expect: decodes
#include <deepgemm/kernel/operand.cuh>
#include <deepgemm/scale/fp32.cuh>

using namespace deepgemm;

// [example]
/// Exponents alone, two to a word.
struct exponents {
    static constexpr scale_kind kind = scale_kind::custom;
    static constexpr int per_word = 2;
#ifdef CORRECT
    DEEPGEMM_BOTH static constexpr float decode(u32 word, int block) {
        return bit_cast<float>(word >> (16 * (block % 2)) << 23);
    }
#else
    DEEPGEMM_BOTH static constexpr int decode(u32 word) { return int(word & 0xff) - 127; }
#endif
};
using a = operand<e4m3, scale::per_token<exponents>>;
constexpr dtype type = a::info.type;
// [example]
