// SPDX-License-Identifier: MIT
// Per-block scales on their way to the math warps: a tile needs one scale per K block and 128 columns, too few for TMA. Each
// lane of a warp holds the word of another K block, 32 at a time; a shuffle hands the right one to all. No shared memory, no
// barrier, and the loads run under the first multiply of the tile.
#pragma once

#include <deepgemm/mma/promotion.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/warp.cuh>

namespace deepgemm::scale {

/// Where a matrix of per-block scales lies: word (n / 128, kw) at words + (n / 128) * stride_n + kw * stride_k.
struct block_words {
    const u32* words;
    i64 stride_n, stride_k;
};

/// The per-block scales of one tile of `Columns` columns, 32 words of K per column zone, spread over the lanes of a warp.
template <class Format, int Columns>
struct held_scales {
    /// Columns that surely share a scale, wherever a tile starts: tiles start at multiples of Columns.
    static constexpr int zone_columns = gcd(Columns, 128);
    static constexpr int zones = Columns / zone_columns;

    block_words source;
    i32 first_zone_row[zones];  ///< n / 128 of each zone
    i32 k_words;
    u32 held[zones];

    /// Converged warp: turns to the tile whose first column is `n`, in a product of `columns` x `k` with `k_blocks` blocks.
    DEEPGEMM_DEVICE void start(const block_words& words, i32 n, i32 columns, i32 k_blocks) {
        source = words;
        k_words = ceil_div(k_blocks, Format::blocks_per_word);
        DEEPGEMM_UNROLL
        for (int zone = 0; zone < zones; ++zone) {
            // Zones beyond the last column multiply zeros; they only must not read beyond the matrix of scales.
            first_zone_row[zone] = min(n + zone * zone_columns, columns - 1) / 128;
        }
    }

    /// Converged warp: the scales of K block `block`. Blocks must be asked for in order, from 0.
    DEEPGEMM_DEVICE sm90::zone_scales<zones> at(i32 block) {
        const i32 word = block / Format::blocks_per_word;
        if (block % (32 * Format::blocks_per_word) == 0) fetch(word);
        sm90::zone_scales<zones> scales;
        DEEPGEMM_UNROLL
        for (int zone = 0; zone < zones; ++zone) {
            scales.value[zone] = Format::decode(ptx::shuffle(held[zone], u32(word) % 32), block);
        }
        return scales;
    }

  private:
    /// Loads the words from `word` on, one per lane.
    DEEPGEMM_DEVICE void fetch(i32 word) {
        const i32 mine = word + i32(ptx::lane_index());
        DEEPGEMM_UNROLL
        for (int zone = 0; zone < zones; ++zone) {
            const u32* const row = source.words + first_zone_row[zone] * source.stride_n;
            held[zone] = mine < k_words ? ptx::ld_global_nc(row + mine * source.stride_k) : 0;
        }
    }
};

}  // namespace deepgemm::scale
