// SPDX-License-Identifier: MIT
// Copies K-major scales into stages. There the words of one K block follow each other, row by row, while in memory the words of
// one row do, so TMA cannot bring them: its copies keep the order. Two warps that have nothing else to do load several
// words of a row at a time and hand out one for each K block.
#pragma once

#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/scale/feed.cuh>

namespace deepgemm::scale {

/// Words that one load brings.
template <int Count>
struct alignas(Count * sizeof(u32)) words_of {
    u32 word[Count];
};

/// Copies scales `Scale` of tiles of `TileRows` rows with `Threads` threads, each of which serves every `Threads`-th row.
template <class Scale, int TileRows, int Threads>
struct stage_copy {
    using format = typename Scale::format;
    static constexpr int rows = ceil_div(TileRows, Threads);  ///< that one thread serves
    /// Words of a row that one load brings. Producers have few registers, so it is two where a thread serves many rows.
    static constexpr int depth = rows <= 2 ? 4 : 2;
    using words_at_once = words_of<depth>;

    const params<Scale>& p;
    u32 thread;                  ///< of the copying threads
    const u32* first = nullptr;  ///< word of the thread's first row
    i32 rows_left = 0;           ///< from its first row to the last one of the matrix
    u32 held[rows][depth]{};     ///< words that are handed out next, in this order
    /// True if the words after those are loaded already. The K blocks of a low tile take less time than such a load.
    static constexpr bool looks_ahead = rows == 1;
    words_at_once ahead[1]{};

    /// Each copying thread: starts with the tile whose first row is `from.row`. Scales are put from number `index` along K on.
    DEEPGEMM_DEVICE void start(const scale_place& from, i32 index) {
        // Rows beyond the last one never reach D. They get scales of another row, so that loads stay inside the matrix.
        const i32 row = min(from.row + i32(thread), from.rows - 1);
        first = p.words.words + from.matrix_words + row * p.words.stride_mn;
        rows_left = from.rows - row;
        const i32 word = index / format::per_word, words = scale::words<Scale>(from.k);
        if (!comes_at_once(word, words)) {
            load_one(word);
        } else {
            if constexpr (looks_ahead) fetch(ahead, word / depth * depth);
            load(word / depth * depth, words);
            DEEPGEMM_NO_UNROLL
            for (i32 i = 0; i < word % depth; ++i) shift();
        }
    }

    /// Each copying thread: writes the words of scale number `index` along K to shared address `to`, one for each row of the
    /// tile, and turns to the next number. `k` is as in start().
    DEEPGEMM_DEVICE void put(i32 index, u32 to, i32 k) {
        DEEPGEMM_UNROLL
        for (int i = 0; i < rows; ++i) {
            const u32 mine = thread + u32(i * Threads);
            if (TileRows % Threads == 0 || mine < u32(TileRows))
                ptx::st_shared(to + mine * u32(sizeof(u32)), held[i][0]);
        }
        const i32 next = (index + 1) / format::per_word, words = scale::words<Scale>(k);
        if ((index + 1) % format::per_word != 0 || next == words) return;
        if (!comes_at_once(next, words)) {
            load_one(next);
        } else if (next % depth == 0) {
            load(next, words);
        } else {
            shift();
        }
    }

private:
    /// True if word number `word`, of `words` of a row, comes with its neighbours in one load.
    DEEPGEMM_DEVICE bool comes_at_once(i32 word, i32 words) const {
        return word / depth * depth + depth <= words && p.words.stride_mn % depth == 0 &&
               reinterpret_cast<u64>(first) % sizeof(words_at_once) == 0;
    }
    /// Address of word `word` of the thread's row number `i`.
    DEEPGEMM_DEVICE const u32* at(int i, i32 word) const {
        return first + word + (i * Threads < rows_left ? i * Threads * p.words.stride_mn : 0);
    }
    /// Loads the `depth` words from number `word` on, of all rows before the first one is waited for.
    DEEPGEMM_DEVICE void fetch(words_at_once (&to)[rows], i32 word) const {
        DEEPGEMM_UNROLL
        for (int i = 0; i < rows; ++i) to[i] = ptx::ld_global(reinterpret_cast<const words_at_once*>(at(i, word)));
    }
    DEEPGEMM_DEVICE void hold(const words_at_once (&loaded)[rows]) {
        DEEPGEMM_UNROLL
        for (int i = 0; i < rows; ++i) {
            DEEPGEMM_UNROLL
            for (int j = 0; j < depth; ++j) held[i][j] = loaded[i].word[j];
        }
    }
    /// Turns to the `depth` words from number `word` on, of `words` of a row.
    DEEPGEMM_DEVICE void load(i32 word, i32 words) {
        if constexpr (looks_ahead) {
            hold(ahead);
            if (comes_at_once(word + depth, words)) fetch(ahead, word + depth);
        } else {
            words_at_once loaded[rows];
            fetch(loaded, word);
            hold(loaded);
        }
    }
    /// Loads word number `word` alone.
    DEEPGEMM_DEVICE void load_one(i32 word) {
        DEEPGEMM_UNROLL
        for (int i = 0; i < rows; ++i) held[i][0] = ptx::ld_global(at(i, word));
    }
    /// Turns to the next of the words that are held.
    DEEPGEMM_DEVICE void shift() {
        DEEPGEMM_UNROLL
        for (int i = 0; i < rows; ++i) {
            DEEPGEMM_UNROLL
            for (int j = 0; j + 1 < depth; ++j) held[i][j] = held[i][j + 1];
        }
    }
};

/// Scales that no warp copies.
template <class Scale, int TileRows, int Threads>
    requires(Scale::via != route::copied)
struct stage_copy<Scale, TileRows, Threads> {
    const params<Scale>& p;
    u32 thread;

    DEEPGEMM_DEVICE void start(const scale_place&, i32) const {}
    DEEPGEMM_DEVICE void put(i32, u32, i32) const {}
};

}  // namespace deepgemm::scale
