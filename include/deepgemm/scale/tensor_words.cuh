// SPDX-License-Identifier: MIT
// Scales on their way to tensor memory. It takes words of four exponents for 128 rows at a time, 32 rows of four words: row i
// of a tile in word (i % 32) * 4 + i / 32. In memory the words of rows follow each other, so a warp reorders them in their
// stage; one scale for many rows is repeated.
#pragma once

#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/vector.cuh>
#include <deepgemm/scale/feed.cuh>

namespace deepgemm::scale {

/// The scales `Scale` of `Rows` rows of a tile in K blocks of `BlockK` elements, in words that TMA brings to the stage: first
/// the first words of all rows, then the next ones.
template <class Scale, int Rows, int BlockK>
struct tensor_words {
    static constexpr int words = words_in_block<Scale, BlockK>;                            ///< of a row in a stage
    static constexpr int groups = ceil_div(Rows, 128);                                     ///< of 128 rows
    static constexpr int word_columns = 4 * groups, columns = words * word_columns;        ///< of tensor memory
    static constexpr u32 word_bytes = u32(groups) * 512, bytes = u32(words) * word_bytes;  ///< of a stage
    /// True if a multiply, which takes a quarter of a K block, takes several scales of a row. The last multiply then takes some
    /// beyond K, too, whose bytes may hold anything: they must not be NaN, because a NaN times the zeros there is NaN.
    static constexpr bool reaches_beyond_k = Scale::tile.k < BlockK / 4;

    i32 scales = 0;  ///< of a row, along all of K

    /// Converged warp: starts a tile, whose first row is `from.row`. Scales are asked for from number `index` along K on.
    DEEPGEMM_DEVICE void start(const params<Scale>&, const scale_place& from, i32 /*index*/) {
        if constexpr (reaches_beyond_k) scales = ceil_div(from.k, Scale::tile.k);
    }

    /// Converged warp: puts the words from scale number `index` along K on, where they are, at shared address `address`, in
    /// order.
    DEEPGEMM_DEVICE void put(i32 index, u32 address) const {
        const u32 lane = ptx::lane_index();
        DEEPGEMM_UNROLL
        for (int group = 0; group < words * groups; ++group) {
            const u32 at = address + u32(group) * 512;
            u32 word[4];
            DEEPGEMM_UNROLL
            for (int i = 0; i < 4; ++i) {
                const int row = group % groups * 128 + i * 32;
                word[i] =
                    row + 32 <= Rows || row + int(lane) < Rows ? ptx::ld_shared<u32>(at + (u32(i) * 32 + lane) * 4) : 0;
                if constexpr (reaches_beyond_k) word[i] &= first_bytes(scales - index - group / groups * 4);
            }
            ptx::sync_warp();
            ptx::st_shared(at + lane * 16, ptx::vec4<u32>{word[0], word[1], word[2], word[3]});
        }
    }

private:
    /// A mask of the first `count` bytes of a word: of all if there are more, of none if there are fewer than one.
    DEEPGEMM_BOTH static constexpr u32 first_bytes(i32 count) {
        return count >= 4 ? ~0u : count <= 0 ? 0 : (1u << 8 * count) - 1;
    }
};

/// Scales that cover several rows each.
template <class Scale, int Rows, int BlockK>
    requires(Scale::tile.mn > 1 && !all_of_k(Scale::via))
struct tensor_words<Scale, Rows, BlockK> : block_feed<Scale, zones_of<Scale, Rows>> {
    static_assert(words_in_block<Scale, BlockK> == 1, "tensor_words: blocks of scales have one word in a K block");
    static constexpr int groups = ceil_div(Rows, 128), word_columns = 4 * groups, columns = word_columns;
    static constexpr u32 word_bytes = u32(groups) * 512, bytes = word_bytes;
    static constexpr int zones = zones_of<Scale, Rows>, zone_rows = Rows / zones;
    using feed = block_feed<Scale, zones>;

    DEEPGEMM_DEVICE void start(const params<Scale>& p, const scale_place& from, i32 index) {
        feed::start(p, from, zone_rows, index);
    }
    DEEPGEMM_DEVICE void put(i32 index, u32 address) {
        const int lane = int(ptx::lane_index());
        this->turn_to(index);
        u32 of_zone[zones];
        DEEPGEMM_UNROLL
        for (int zone = 0; zone < zones; ++zone) of_zone[zone] = this->word(zone, index);
        DEEPGEMM_UNROLL
        for (int group = 0; group < groups; ++group) {
            u32 word[4];
            DEEPGEMM_UNROLL
            for (int i = 0; i < 4; ++i) {
                word[i] = 0;
                DEEPGEMM_UNROLL
                for (int zone = 0; zone < zones; ++zone) {
                    const int first =
                        zone * zone_rows - group * 128 - i * 32;  // the lane that has the zone's first row
                    if (first <= 0) word[i] = of_zone[zone];
                    if (first > 0 && first < 32) word[i] = lane >= first ? of_zone[zone] : word[i];
                }
            }
            ptx::st_shared(address + u32(group * 512 + lane * 16), ptx::vec4<u32>{word[0], word[1], word[2], word[3]});
        }
    }
};

/// No scales along K.
template <class Scale, int Rows, int BlockK>
    requires(all_of_k(Scale::via))
struct tensor_words<Scale, Rows, BlockK> {
    static constexpr int word_columns = 0, columns = 0;
    static constexpr u32 word_bytes = 0, bytes = 0;
    DEEPGEMM_DEVICE void start(const params<Scale>&, const scale_place&, i32) const {}
    DEEPGEMM_DEVICE void put(i32, u32) const {}
};

}  // namespace deepgemm::scale
