// SPDX-License-Identifier: MIT
// What one scale covers and how it gets to where it is needed: the concepts scale_format and scale_granularity. These are
// facts; which of them a kernel serves, it says itself.
#pragma once

#include <deepgemm/core/math.cuh>
#include <deepgemm/kernel/info.cuh>

namespace deepgemm {

/// How scales get from global memory to the arithmetic.
namespace scale {
enum class route : u8 {
    none,           ///< there are none
    stage,          ///< through the pipeline with their operand: many, one word for each row of a tile
    registers,      ///< threads load them themselves and hold them: few, or laid out as TMA cannot take them
    tensor_memory,  ///< the tensor core applies them, and takes them from there
    epilogue,       ///< they hold for all of K, so that they may wait for the totals
};
}  // namespace scale

namespace scale_concept {
/// Says how many scales, one after another along K, one 32-bit word holds.
template <class F>
concept packs_words = requires {
    { F::kind } -> converts_to<scale_kind>;
    { F::per_word } -> converts_to<int>;
};
/// Turns a word and the number of a scale along K back into the exact FP32 scale.
template <class F>
concept decodes = requires(u32 word, int index) {
    { F::decode(word, index) } -> same_as<float>;
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
/// Says how its scales travel.
template <class G>
concept says_route = requires {
    { G::via } -> same_as<const scale::route&>;
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
    static constexpr route via = route::stage;
};

/// The same, stored as a quantisation kernel leaves them: K-major, word (row, kw) at row * stride + kw, any stride. The threads
/// that need them load them themselves, so that no kernel has to transpose them first. For A, or for B of at most 64 columns a
/// tile.
template <class Format>
struct per_token_k_major {
    using format = Format;
    static constexpr scale_tile tile{1, 128};
    static constexpr route via = route::registers;
};

/// One scale for each 128 rows and 128 elements of K (128x128): weights. Any strides.
template <class Format>
struct per_block {
    using format = Format;
    static constexpr scale_tile tile{128, 128};
    static constexpr route via = route::registers;
};

/// One scale for each row and 32 elements of K (1x32), as microscaling formats have it: Blackwell's tensor cores apply them.
template <class Format>
struct mx {
    using format = Format;
    static constexpr scale_tile tile{1, 32};
    static constexpr route via = route::tensor_memory;
};

/// One scale for each 32 rows and 32 elements of K (32x32): the same for weights, of which a transposed copy has the same
/// scales.
template <class Format>
struct mx_block {
    using format = Format;
    static constexpr scale_tile tile{32, 32};
    static constexpr route via = route::tensor_memory;
};

/// One scale for each row (per token or per channel), whatever K is.
template <class Format>
struct per_row {
    using format = Format;
    static constexpr scale_tile tile{1, scale_tile::all};
    static constexpr route via = route::epilogue;
};

/// One scale for a whole operand.
template <class Format>
struct per_tensor {
    using format = Format;
    static constexpr scale_tile tile{scale_tile::all, scale_tile::all};
    static constexpr route via = route::epilogue;
};

/// No scales: 16-bit elements are multiplied as they are. Its own format too, in which every scale is one.
struct none {
    using format = none;
    static constexpr scale_kind kind = scale_kind::none;
    static constexpr int per_word = 1;
    static constexpr scale_tile tile{};
    static constexpr route via = route::none;

    DEEPGEMM_BOTH static constexpr float decode(u32 /*word*/, int /*index*/) { return 1.0f; }
};

/// The number, along K, of the scale that covers element `k`.
template <class Scale>
DEEPGEMM_BOTH constexpr i32 index(i32 k) {
    if constexpr (Scale::tile.k == scale_tile::all) {
        return 0;
    } else {
        return k / Scale::tile.k;
    }
}

/// The number of the first scale of K block `block`, of `BlockK` elements. Without a division of k, of which compilers do not
/// know that there is no remainder.
template <class Scale, int BlockK>
DEEPGEMM_BOTH constexpr i32 index_of_block(i32 block) {
    if constexpr (Scale::tile.k == scale_tile::all) {
        return 0;
    } else if constexpr (BlockK >= Scale::tile.k) {
        static_assert(BlockK % Scale::tile.k == 0, "scale: a K block has whole scales, or a scale whole K blocks");
        return block * (BlockK / Scale::tile.k);
    } else {
        static_assert(Scale::tile.k % BlockK == 0, "scale: a K block has whole scales, or a scale whole K blocks");
        return block / (Scale::tile.k / BlockK);
    }
}

/// How many words hold the scales of one row, or tile of rows, of `k` elements.
template <class Scale>
DEEPGEMM_BOTH constexpr i32 words(i32 k) {
    constexpr int tile_k = max(Scale::tile.k, 1);
    const i32 scales = Scale::tile.k == scale_tile::all ? min(k, 1) : ceil_div(k, tile_k);
    return ceil_div(scales, Scale::format::per_word);
}

}  // namespace scale

static_assert(scale_granularity<scale::none>);

}  // namespace deepgemm
