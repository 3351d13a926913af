// SPDX-License-Identifier: MIT
// The granularities of scales: per token, per block, microscaling, per row, per tensor, none; and the numbers of scales and
// words.
#pragma once

#include <deepgemm/core/math.cuh>
#include <deepgemm/scale/granularity.cuh>

namespace deepgemm {

namespace scale {

/// One scale for each row and 128 elements of K (1x128): activations, and both operands of a weight gradient. Stored MN-major:
/// word (row, kw) is at row + kw * stride, and the stride is a multiple of 4 words.
template <class Format>
struct per_token {
    using format = Format;
    static constexpr scale_tile tile{1, 128};
    static constexpr route via = route::stage;
};

/// The same scales stored K-major, as quantisation kernels write them: word (row, kw) is at row * stride + kw, with any stride.
/// Warps copy them to shared memory, so no kernel has to transpose them first; those of high tiles come by TMA where the scales
/// and their rows begin at multiples of 16 bytes.
template <class Format>
struct per_token_k_major {
    using format = Format;
    static constexpr scale_tile tile{1, 128};
    static constexpr route via = route::copied;
};

/// One scale for each 128 rows and 128 elements of K (128x128): weights. Any strides.
template <class Format>
struct per_block {
    using format = Format;
    static constexpr scale_tile tile{128, 128};
    static constexpr route via = route::registers;
};

/// One scale for each row and 32 elements of K (1x32), as in microscaling formats. Blackwell's tensor cores apply them.
template <class Format>
struct mx {
    using format = Format;
    static constexpr scale_tile tile{1, 32};
    static constexpr route via = route::tensor_memory;
};

/// One scale for each 32 rows and 32 elements of K (32x32): microscaling for weights, where a transposed copy keeps the same
/// scales.
template <class Format>
struct mx_block {
    using format = Format;
    static constexpr scale_tile tile{32, 32};
    static constexpr route via = route::tensor_memory;
};

/// One scale for each row and 16 elements of K (1x16), as NVFP4 has them, in UE4M3. Blackwell's tensor cores apply them; a
/// scale of the whole tensor beside them is a factor of the epilogue.
template <class Format>
struct nv {
    using format = Format;
    static constexpr scale_tile tile{1, 16};
    static constexpr route via = route::tensor_memory;
};

/// One scale for each row (per token or per channel) and all of K: dynamic quantisation. The epilogue applies it to the totals.
/// Word (row) is at row * stride. With stride 0 all rows share one word, and without words every scale is 1, so that kernels of
/// these scales also serve the two granularities that follow.
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

/// No scales: elements are multiplied as they are. It is also its own format, in which every scale is 1.
struct none {
    using format = none;
    static constexpr scale_kind kind = scale_kind::none;
    static constexpr int per_word = 1;
    static constexpr scale_tile tile{};
    static constexpr route via = route::none;

    DEEPGEMM_BOTH static constexpr float decode(u32 /*word*/, int /*index*/) { return 1.0f; }
};

/// Scales `Scale` of single rows in any order, any strides: warps copy them into stages word by word.
template <class Scale>
struct by_word : Scale {
    static constexpr route via = route::copied;
};
/// True for scales that come to shared memory in groups of words that lie side by side, as they do in memory, a group for each
/// row of a tile at a time; else a stage has a word for each row.
template <class Scale>
inline constexpr bool come_in_groups = false;
template <class Format>
inline constexpr bool come_in_groups<per_token_k_major<Format>> = true;

/// How scales that come in groups wait in shared memory: `words` words of each row, in one of `places` places after another.
struct group_shape {
    int words = 0, places = 0;  ///< 0: they do not come in groups

    /// True if TMA brings them where it can: whole sectors of L2. It swaps their halves in rows 4 to 7 of every eight, so that
    /// lanes that read a word of eight rows each find them in different banks.
    DEEPGEMM_BOTH constexpr bool by_tma() const { return words == 8; }
    DEEPGEMM_BOTH constexpr u32 row_bytes() const { return u32(words) * u32(sizeof(u32)); }
    /// Bytes in row `row` of a place before word `word` of its group.
    DEEPGEMM_BOTH constexpr u32 in_row(i32 row, i32 word) const {
        return (u32(word) * u32(sizeof(u32))) ^ (by_tma() ? u32(row) % 8 / 4 * 16 : 0);
    }
};

namespace detail {
template <class Scale>
struct gathered {
    using type = by_word<Scale>;
};
template <>
struct gathered<none> {
    using type = none;
};
}  // namespace detail
/// The scales of rows that are gathered.
template <class Scale>
using gathered = typename detail::gathered<Scale>::type;

/// Zones of a tile's `Columns` columns (rows of B): those of a zone share a scale wherever a tile starts, since tiles start at
/// multiples of Columns.
template <class Scale, int Columns>
inline constexpr int zones_of = Columns / gcd(Columns, Scale::tile.mn);

/// The number, along K, of the scale that covers element `k`.
template <class Scale>
DEEPGEMM_BOTH constexpr i32 index(i32 k) {
    if constexpr (Scale::tile.k == scale_tile::all) {
        return 0;
    } else {
        return k / Scale::tile.k;
    }
}

/// The number of the first scale of K block `block`, if blocks have `BlockK` elements. It avoids dividing an element of K,
/// because compilers do not know that the remainder is 0.
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

/// Words of scales along K in a K block of `BlockK` elements; 1 if a word serves several blocks.
template <class Scale, int BlockK>
inline constexpr int words_in_block = Scale::tile.k == scale_tile::all
                                          ? 1
                                          : max(BlockK / (max(Scale::tile.k, 1) * Scale::format::per_word), 1);

/// How many words hold the scales of one row, or of one tile of rows, of `k` elements.
template <class Scale>
DEEPGEMM_BOTH constexpr i32 words(i32 k) {
    constexpr int tile_k = max(Scale::tile.k, 1);
    const i32 scales = Scale::tile.k == scale_tile::all ? min(k, 1) : ceil_div(k, tile_k);
    return ceil_div(scales, Scale::format::per_word);
}

}  // namespace scale

static_assert(scale_granularity<scale::none>);

}  // namespace deepgemm
