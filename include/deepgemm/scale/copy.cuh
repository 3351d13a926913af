// SPDX-License-Identifier: MIT
// Copies K-major scales to shared memory. There TMA would want the words of one K block to follow each other, row by row, while
// in memory the words of one row do. Two warps that have nothing else to do copy them with cp.async, so that what is under way
// takes no registers, and the ring says how far they run ahead, as it does for TMA.
//
// Budget of a K block of a tile of 256 x 128, 1024 cycles of the tensor cores, in which shared memory takes 384 cycles for what
// TMA writes and, at 128 bytes each, 768 for what wgmma reads: nothing is left. A word for each row and K block would be 256
// writes more. Four words of a row at once are 64, and nobody hands them out: the lanes of a warp read words of eight rows that
// are 16 bytes apart, without a conflict. High tiles are better served by TMA, eight words of a row at once, where rows of
// scales begin at multiples of 16 bytes (pipeline/operand_stream.cuh); elsewhere two threads side by side copy the eight words.
#pragma once

#include <deepgemm/ptx/cp_async.cuh>
#include <deepgemm/scale/feed.cuh>

namespace deepgemm::scale {

/// Copies scales `Scale` of the columns of tiles into stages, word by word, with `Threads` threads, each of which serves every
/// `Threads`-th column. Columns are few: tokens, where operands are exchanged. L1 keeps the sectors of their words.
template <class Scale, int Columns, int Threads>
struct word_copy {
    using format = typename Scale::format;

    const params<Scale>& p;
    u32 thread;                  ///< of the copying threads
    const u32* first = nullptr;  ///< word of the thread's first column
    i32 left = 0;                ///< columns from this one to the last one of the matrix

    /// Each copying thread: starts with the tile whose first column is `tile.row`, and whose last scale along K has number
    /// `last_index`.
    DEEPGEMM_DEVICE void start(const scale_place& tile, i32 /*last_index*/) {
        const i32 column = tile.row + i32(thread);
        first = p.words.words + tile.matrix_words + column * p.words.stride_mn;
        left = tile.rows - column;
    }

    /// Each copying thread: starts to copy the words of scale number `index` along K, with which a tile may begin, into stage
    /// `stage`. `words_of(i)` is the shared address of place `i`. Columns beyond the last one of the matrix are not read; their
    /// scales become zero.
    template <class WordsOf>
    DEEPGEMM_DEVICE void put(i32 index, bool /*begins*/, u32 stage, const WordsOf& words_of) {
        const u32* const word = first + index / format::per_word;
        const u32 to = words_of(stage);
        DEEPGEMM_UNROLL
        for (int i = 0; i < Columns; i += Threads) {
            if (i + Threads <= Columns || thread + u32(i) < u32(Columns))
                ptx::cp_async<sizeof(u32)>(to + (thread + u32(i)) * u32(sizeof(u32)), word + i * p.words.stride_mn,
                                           i < left);
        }
    }
};

/// Copies scales `Scale` of tiles of `Rows` rows in groups of words to the places of `Walk`, a group_walk, with `Threads`
/// threads. Each serves every `Threads`-th row; if groups have eight words, two neighbours share a row, and each pair serves
/// every (`Threads` / 2)-th.
template <class Scale, int Rows, int Threads, class Walk>
struct group_copy {
    using format = typename Scale::format;
    /// Measured: past L1 a warp's copy of 32 rows takes some 0.4 us, for which tiles with few rows come to wait; high ones gain
    /// 1 %.
    static constexpr bool through_l1 = Rows <= 128;

    const params<Scale>& p;
    u32 thread;          ///< of the copying threads
    scale_place tile{};  ///< whose scales are copied
    i32 words = 0;       ///< of a row, up to the last one that the tile takes
    Walk groups{};

    /// Each copying thread: as above.
    DEEPGEMM_DEVICE void start(const scale_place& next, i32 last_index) {
        tile = next;
        words = last_index / format::per_word + 1;
    }

    /// K blocks of `BlockK` elements from block `block` on that have their scales in the same group.
    template <int BlockK>
    DEEPGEMM_BOTH static constexpr i32 blocks_from(i32 block) {
        constexpr i32 all = Walk::scales * Scale::tile.k / BlockK;
        return all - block % all;
    }
    /// Each copying thread: starts to copy the group that scale number `index` along K belongs to into the next place.
    /// `words_of(i)` is the shared address of place `i`.
    template <class WordsOf>
    DEEPGEMM_DEVICE void copy(i32 index, const WordsOf& words_of) {
        groups.place = groups.after(groups.place);
        fill(index / groups.scales * Walk::shape.words, words_of(groups.place));
    }
    /// Each copying thread: if scale number `index` along K is the first one of a group, starts to copy that group.
    template <class WordsOf>
    DEEPGEMM_DEVICE void put(i32 index, bool begins, u32 /*stage*/, const WordsOf& words_of) {
        if (groups.next(index, begins)) fill(index / groups.scales * Walk::shape.words, words_of(groups.place));
    }

private:
    static constexpr i32 piece_words = 4;  ///< that a thread copies at once
    static constexpr u32 piece = piece_words * sizeof(u32);
    static constexpr i32 pieces = Walk::shape.words / piece_words;  ///< of a row, for as many threads side by side
    static_assert(pieces == 1 || (pieces == 2 && Threads / pieces % 8 == 0 && Rows * pieces % Threads == 0));

    /// Starts to copy the group that begins with word `word` of each row to the place at `to`: the words go where TMA would put
    /// them.
    DEEPGEMM_DEVICE void fill(i32 word, u32 to) const {
        constexpr group_shape shape = Walk::shape;
        const i32 own = i32(thread) % pieces * piece_words;  // words of a group before those of this thread
        i32 there = min(words - word - own, piece_words);
        if (pieces > 1) there = max(there, 0);
        const u32* const from = p.words.words + tile.matrix_words + word + own;
        const bool at_once = p.words.stride_mn % piece_words == 0 && reinterpret_cast<u64>(from) % piece == 0;
        const u32 place = to + shape.in_row(i32(thread) / pieces, own);
        // Producers have few registers, fewest of all in high tiles: there the counter is the same for all threads, and row
        // numbers are extended without a sign.
        using number = conditional_t<pieces == 1, i32, u32>;
        const number mine = number(thread) / pieces, first = pieces == 1 ? mine : 0, beside = mine - first;
        DEEPGEMM_NO_UNROLL
        for (number i = first; i < number(Rows); i += Threads / pieces) {
            const number row = number(tile.row) + beside + i;
            copy_words(place + u32(beside + i) * shape.row_bytes(), from + i64(row) * p.words.stride_mn,
                       i32(row) < tile.rows ? there : 0, at_once);
        }
    }
    /// Starts to copy the first `there` words of a group; zeros fill it up.
    DEEPGEMM_DEVICE static void copy_words(u32 to, const u32* from, i32 there, bool at_once) {
        if (at_once) {
            ptx::cp_async_part<int(piece), through_l1>(to, from, u32(there) * u32(sizeof(u32)));
            return;
        }
        DEEPGEMM_UNROLL
        for (i32 word = 0; word < piece_words; ++word)
            ptx::cp_async<sizeof(u32)>(to + u32(word) * u32(sizeof(u32)), from + word, word < there);
    }
};

/// Copies no scales.
template <class Scale>
struct no_copy {
    const params<Scale>& p;
    u32 thread;

    DEEPGEMM_DEVICE void start(const scale_place&, i32) const {}
    template <class WordsOf>
    DEEPGEMM_DEVICE void put(i32, bool, u32, const WordsOf&) const {}
};

/// What copies the scales `Scale` of `Rows` rows of A; in groups to the places of `Walk`.
template <class Scale, int Rows, int Threads, class Walk>
using copy_of_rows = conditional_t<
    Scale::via != route::copied, no_copy<Scale>,
    conditional_t<come_in_groups<Scale>, group_copy<Scale, Rows, Threads, Walk>, word_copy<Scale, Rows, Threads>>>;
/// What copies the scales `Scale` of `Columns` rows of B into stages.
template <class Scale, int Columns, int Threads>
using copy_of_columns = conditional_t<Scale::via != route::copied, no_copy<Scale>, word_copy<Scale, Columns, Threads>>;

}  // namespace deepgemm::scale
