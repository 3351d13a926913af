// SPDX-License-Identifier: MIT
// What one scale covers and how it reaches the math warps: the concepts scale_format and scale_granularity.
// Per-token scales ride with their operand through the pipeline; per-block scales are few and held in registers.
#pragma once

#include <deepgemm/kernel/info.cuh>

namespace deepgemm {

namespace scale_concept {
/// Says how many K blocks one 32-bit word holds.
template <class F>
concept packs_words = requires {
    { F::kind } -> converts_to<scale_kind>;
    { F::blocks_per_word } -> converts_to<int>;
};
/// Turns (word, K block) back into the exact FP32 scale.
template <class F>
concept decodes = requires(u32 word, int block) {
    { F::decode(word, block) } -> same_as<float>;
};
/// Names the tile of an operand that one scale covers.
template <class G>
concept covers_tile = requires {
    { G::tile } -> same_as<const scale_tile&>;
};
/// Names the format of its words.
template <class G>
concept names_format = requires {
    typename G::format;
};
/// Says whether the scales travel through the pipeline with their operand.
template <class G>
concept says_route = requires {
    { G::staged } -> converts_to<bool>;
};
}  // namespace scale_concept

/// A word of scales and the exact way back to FP32.
template <class F>
concept scale_format = scale_concept::packs_words<F> && scale_concept::decodes<F>;

/// Which tile of an operand one scale covers, and in which format.
template <class G>
concept scale_granularity = scale_concept::covers_tile<G> && scale_concept::says_route<G> &&
    scale_concept::names_format<G> && scale_format<typename G::format>;

namespace scale_concept {
/// Complete for granularities only. Named beside an assertion, since nvcc tells which requirement fails only where a class
/// template is constrained.
template <scale_granularity G>
struct model {};
}  // namespace scale_concept

namespace scale {

/// One scale for each row and 128 elements of K (1x128): activations, and both operands of a weight gradient.
/// Stored MN-major: word (row, kw) at row + kw * stride, the stride a multiple of 4 words.
template <class Format>
struct per_token {
    using format = Format;
    static constexpr scale_tile tile{1, 128};
    static constexpr bool staged = true;
};

/// The same, stored as a quantisation kernel leaves them: K-major, word (row, kw) at row * stride + kw, any stride. The threads
/// that need them load them themselves, so that no kernel has to transpose them first. For A, or for B of at most 64 columns a tile.
template <class Format>
struct per_token_k_major {
    using format = Format;
    static constexpr scale_tile tile{1, 128};
    static constexpr bool staged = false;
};

/// One scale for each 128 rows and 128 elements of K (128x128): weights. Any strides.
template <class Format>
struct per_block {
    using format = Format;
    static constexpr scale_tile tile{128, 128};
    static constexpr bool staged = false;
};

/// No scales: 16-bit elements are multiplied as they are. Its own format too, in which every scale is one.
struct none {
    using format = none;
    static constexpr scale_kind kind = scale_kind::none;
    static constexpr int blocks_per_word = 1;
    static constexpr scale_tile tile{};
    static constexpr bool staged = false;

    DEEPGEMM_BOTH static constexpr float decode(u32 /*word*/, int /*block*/) { return 1.0f; }
};

}  // namespace scale

static_assert(scale_granularity<scale::none>);

}  // namespace deepgemm
