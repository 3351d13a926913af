// SPDX-License-Identifier: MIT
// What a format of scales is: how they are stored in words. The models are in fp32.cuh and ue8m0.cuh.
#pragma once

#include <deepgemm/core/traits.cuh>
#include <deepgemm/scale/kind.cuh>

namespace deepgemm {

namespace scale_concept {
/// Says how many scales one 32-bit word holds, consecutive along K.
template <class F>
concept packs_words = requires {
    { F::kind } -> converts_to<scale_kind>;
    { F::per_word } -> converts_to<int>;
};
/// Gives the exact FP32 scale from a word and the number of the scale along K.
template <class F>
concept decodes = requires(u32 word, int index) {
    { F::decode(word, index) } -> same_as<float>;
};
}  // namespace scale_concept

/// How scales are stored in 32-bit words, with the exact way back to FP32.
/// Satisfied by: `kind`, `per_word` and `decode(word, index)`.
template <class F>
concept scale_format = scale_concept::packs_words<F> && scale_concept::decodes<F>;

}  // namespace deepgemm
