// SPDX-License-Identifier: MIT
// How scales reach the math warps. Per-token scales ride in the stage, one word per row or column; those of A that are
// K-major are loaded by the threads that need them, one K block ahead. Per-block scales of B are too few for TMA, one per K
// block and 128 columns: each lane of a warp holds the word of another K block, 32 at a time, and a shuffle hands the right one
// to all; no shared memory, no barrier, and the loads run under the epilogue before.
#pragma once

#include <deepgemm/core/shape.cuh>
#include <deepgemm/layout/tensor_map.cuh>
#include <deepgemm/mma/promotion.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/warp.cuh>
#include <deepgemm/scale/granularity.cuh>

namespace deepgemm::scale {

/// Where a matrix of scales lies: word (i, kw) at words + i * stride_mn + kw * stride_k, where i counts tiles of rows.
struct scale_words {
    const u32* words;
    i64 stride_mn, stride_k;
};

/// How scales reach the kernel as parameters: a tensor map if they are staged by TMA, else their words and strides.
template <class Scale>
struct params {
    tensor_map map;
};
template <class Scale>
    requires(!Scale::staged && !same_as<Scale, none>)
struct params<Scale> {
    scale_words words;
};

template <>
struct params<none> {};

/// The scales of A for the rows that a thread holds, `Fragments` times rows r and r + 8, tile after tile and K block after block.
template <class Scale, int Fragments>
struct row_feed {
    /// Any thread: turns to the tile in which its first row is row `m` of A; its first K block will be `block`.
    DEEPGEMM_DEVICE void start(const params<Scale>&, problem_shape, i32 /*m*/, i32 /*block*/) const {}

    /// Any thread: the scales of K block `block` for fragment `fragment`; the word of row r lies at `staged`.
    DEEPGEMM_DEVICE sm90::row_scales at(int fragment, i32 block, u32 staged) const {
        using format = typename Scale::format;
        const u32 words = staged + u32(fragment) * sm90::fragment_rows * u32(sizeof(u32));
        return {{format::decode(ptx::ld_shared<u32>(words), block),
                 format::decode(ptx::ld_shared<u32>(words + 8 * u32(sizeof(u32))), block)}};
    }
};

/// No scales, no feed.
template <int Fragments>
struct row_feed<none, Fragments> {
    DEEPGEMM_DEVICE void start(const params<none>&, problem_shape, i32, i32) const {}
};

/// K-major scales: a row's words follow each other, so that a line of L1 serves 32 K blocks.
template <class Scale, int Fragments>
    requires(!Scale::staged && !same_as<Scale, none>)
struct row_feed<Scale, Fragments> {
    using format = typename Scale::format;
    const u32* row[Fragments][2]{};  ///< first words of the thread's rows
    u32 held[Fragments][2]{};        ///< of the block that is asked for next
    i32 k_words = 0;

    DEEPGEMM_DEVICE void start(const params<Scale>& p, problem_shape shape, i32 m, i32 block) {
        k_words = ceil_div(ceil_div(shape.k, Scale::tile.k), format::blocks_per_word);
        DEEPGEMM_UNROLL
        for (int i = 0; i < 2 * Fragments; ++i) {
            // Rows beyond A multiply what never reaches D; they only must not read beyond the matrix of scales.
            const i32 at = min(m + i / 2 * sm90::fragment_rows + 8 * (i % 2), shape.m - 1);
            row[i / 2][i % 2] = p.words.words + at * p.words.stride_mn;
        }
        DEEPGEMM_UNROLL
        for (int fragment = 0; fragment < Fragments; ++fragment) fetch(fragment, block);
    }

    /// Blocks must be asked for one after another.
    DEEPGEMM_DEVICE sm90::row_scales at(int fragment, i32 block, u32 /*staged*/) {
        const sm90::row_scales scales{
            {format::decode(held[fragment][0], block), format::decode(held[fragment][1], block)}};
        fetch(fragment, block + 1);
        return scales;
    }

private:
    DEEPGEMM_DEVICE void fetch(int fragment, i32 block) {
        const i32 word = min(block / format::blocks_per_word, k_words - 1);
        DEEPGEMM_UNROLL
        for (int i = 0; i < 2; ++i) {
            held[fragment][i] = k_words != 0 ? ptx::ld_global_nc(row[fragment][i] + word) : 0;
        }
    }
};

/// The scales of B of one tile after another, as the math warps ask for them: start a tile, then its K blocks in order.
template <class Scale, int Columns>
struct column_feed {
    /// Any thread: turns to the tile that starts at column `n`; its first K block will be `block`.
    DEEPGEMM_DEVICE void start(const params<Scale>&, problem_shape, i32 /*n*/, i32 /*block*/) const {}

    /// Any thread: the scales of K block `block`, whose words lie at `staged`, for the thread's columns from `column` on.
    DEEPGEMM_DEVICE auto at(i32 block, u32 staged, int column) const {
        return sm90::column_scales<typename Scale::format>{staged + u32(column) * u32(sizeof(u32)), block};
    }
};

/// No scales, no feed.
template <int Columns>
struct column_feed<none, Columns> {
    DEEPGEMM_DEVICE void start(const params<none>&, problem_shape, i32, i32) const {}
};

/// Per-block scales: held in registers, spread over the lanes of a warp.
template <class Scale, int Columns>
    requires(!Scale::staged && !same_as<Scale, none>)
struct column_feed<Scale, Columns> {
    using format = typename Scale::format;
    /// Columns that surely share a scale, wherever a tile starts: tiles start at multiples of Columns.
    static constexpr int zone_columns = gcd(Columns, Scale::tile.mn);
    static constexpr int zones = Columns / zone_columns;
    static constexpr int blocks_held = 32 * format::blocks_per_word;  ///< K blocks whose words a warp holds

    scale_words source{};
    i32 k_words = 0, first = 0;
    i32 row[zones]{};   ///< n / 128 of each zone
    u32 held[zones]{};  ///< this lane's words

    /// Converged warp: turns to the tile that starts at column `n`, with K block `block`, and starts to load its first words.
    DEEPGEMM_DEVICE void start(const params<Scale>& p, problem_shape shape, i32 n, i32 block) {
        source = p.words;
        k_words = ceil_div(ceil_div(shape.k, Scale::tile.k), format::blocks_per_word);
        DEEPGEMM_UNROLL
        for (int zone = 0; zone < zones; ++zone) {
            // Zones beyond the last column multiply zeros; they only must not read beyond the matrix of scales.
            row[zone] = min(n + zone * zone_columns, shape.n - 1) / Scale::tile.mn;
        }
        first = block;
        fetch(block / blocks_held * 32);
    }

    /// Converged warp: the scales of K block `block`.
    DEEPGEMM_DEVICE sm90::zone_scales<zones> at(i32 block, u32 /*staged*/, int /*column*/) {
        const i32 word = block / format::blocks_per_word;
        if (block != first && block % blocks_held == 0) fetch(word);
        sm90::zone_scales<zones> scales;
        DEEPGEMM_UNROLL
        for (int zone = 0; zone < zones; ++zone) {
            scales.value[zone] = format::decode(ptx::shuffle(held[zone], u32(word) % 32), block);
        }
        return scales;
    }

private:
    /// Loads the words from `word` on, one per lane.
    DEEPGEMM_DEVICE void fetch(i32 word) {
        const i32 mine = word + i32(ptx::lane_index());
        DEEPGEMM_UNROLL
        for (int zone = 0; zone < zones; ++zone) {
            const u32* const words = source.words + row[zone] * source.stride_mn;
            held[zone] = mine < k_words ? ptx::ld_global_nc(words + mine * source.stride_k) : 0;
        }
    }
};

}  // namespace deepgemm::scale
