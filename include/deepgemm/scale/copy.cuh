// SPDX-License-Identifier: MIT
// Copies K-major scales into stages. There the words of one K block follow each other, row by row, while in memory the words of
// one row do, so TMA cannot bring them: its copies keep the order. Two warps that have nothing else to do load four words of a row
// at a time and hand out one for each K block. In between the words are in registers, or, where a thread has too many rows for
// that, in shared memory.
#pragma once

#include <deepgemm/ptx/cp_async.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/registers.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/scale/feed.cuh>

namespace deepgemm::scale {

/// Words of a row that one load brings.
inline constexpr int copied_depth = 4;
struct alignas(copied_depth * sizeof(u32)) copied_words {
    u32 word[copied_depth];
};

/// Copies scales `Scale` of tiles of `TileRows` rows with `Threads` threads, each of which serves every `Threads`-th row.
template <class Scale, int TileRows, int Threads>
struct stage_copy {
    using format = typename Scale::format;
    static constexpr int depth = copied_depth, rows = ceil_div(TileRows, Threads);  ///< that one thread serves
    static constexpr u32 group_bytes = sizeof(copied_words);
    static constexpr u32 kept_bytes =
        TileRows * group_bytes;  ///< of shared memory, 16-byte aligned: `depth` words of each row

    const params<Scale>& p;
    u32 thread;  ///< of the copying threads
    u32 kept;    ///< shared address of the words
    scale_place
        from{};  ///< the thread's first row. Addresses are computed anew each time, as producers have few registers.

    /// Each copying thread: starts with the tile whose first row is `tile.row`. Scales are put from number `index` along K on.
    DEEPGEMM_DEVICE void start(const scale_place& tile, i32 index) {
        from = tile;
        from.row += i32(thread);
        finish();  // a tile of a part of K may leave words that it has not needed
        fetch(index / format::per_word / depth);
    }

    /// Each copying thread: writes the words of scale number `index` along K to shared address `to`, one for each row of the
    /// tile. Numbers come one after another.
    DEEPGEMM_DEVICE void put(i32 index, u32 to) const {
        const i32 word = index / format::per_word;
        ptx::cp_async_wait<0>();
        const u32 at = place() + u32(word % depth) * u32(sizeof(u32));
        DEEPGEMM_UNROLL
        for (int i = 0; i < rows; ++i) {
            if (serves(i))
                ptx::st_shared(to + (thread + u32(i * Threads)) * u32(sizeof(u32)),
                               ptx::ld_shared<u32>(at + u32(i * Threads) * group_bytes));
        }
        if ((word + 1) % depth == 0 && (index + 1) % format::per_word == 0) fetch((word + 1) / depth);
    }

    /// Each copying thread: nothing is under way any more.
    DEEPGEMM_DEVICE void finish() const { ptx::cp_async_wait<0>(); }

private:
    /// True if the tile has a row for the thread's number `i`.
    DEEPGEMM_DEVICE bool serves(int i) const {
        return TileRows % Threads == 0 || thread + u32(i * Threads) < u32(TileRows);
    }
    /// Shared address of the words of the thread's first row.
    DEEPGEMM_DEVICE u32 place() const { return kept + ptx::keep(thread) * group_bytes; }
    /// Starts to copy words `group` * depth and after of all rows, as far as they have them.
    DEEPGEMM_DEVICE void fetch(i32 group) const {
        const i32 there = min(scale::words<Scale>(from.k) - group * depth, depth);
        if (there > 0) {
            const u32* const words = p.words.words + from.matrix_words + group * depth;
            const bool at_once = p.words.stride_mn % depth == 0 && reinterpret_cast<u64>(words) % group_bytes == 0;
            const u32 to = place();
            DEEPGEMM_NO_UNROLL  // producers have few registers
                for (int i = 0; i < rows; ++i) {
                // Rows beyond the last one never reach D. They get scales of that row, so that loads stay inside the matrix.
                const i64 row = min(from.row + i * Threads, from.rows - 1);
                if (serves(i))
                    copy(to + u32(i * Threads) * group_bytes, words + row * p.words.stride_mn, there, at_once);
            }
        }
        ptx::cp_async_commit();
    }
    /// Starts to copy the first `there` of the words from `from` on.
    DEEPGEMM_DEVICE static void copy(u32 to, const u32* from, i32 there, bool at_once) {
        if (at_once) {
            // L1 keeps the line, which holds the next words, too, and which other tiles of these rows read again.
            ptx::cp_async_part<int(group_bytes), true>(to, from, u32(there) * u32(sizeof(u32)));
            return;
        }
        DEEPGEMM_UNROLL
        for (i32 word = 0; word < depth; ++word)
            ptx::cp_async<sizeof(u32)>(to + u32(word) * u32(sizeof(u32)), from + word, word < there);
    }
};

/// The same of tiles of which a thread serves two rows at most: it holds their words in registers.
template <class Scale, int TileRows, int Threads>
    requires(Scale::via == route::copied && TileRows <= 2 * Threads)
struct stage_copy<Scale, TileRows, Threads> {
    using format = typename Scale::format;
    static constexpr int depth = copied_depth, rows = ceil_div(TileRows, Threads);  ///< that one thread serves
    static constexpr u32 kept_bytes = 0;

    const params<Scale>& p;
    u32 thread, kept;            ///< of the copying threads; nothing
    const u32* first = nullptr;  ///< word of the thread's first row
    i32 rows_left = 0;           ///< from its first row to the last one of the matrix
    i32 words = 0;               ///< of a row
    u32 held[rows][depth]{};     ///< words that are handed out next, in this order
    /// True if the words after those are loaded already. The K blocks of a low tile take less time than such a load.
    static constexpr bool looks_ahead = rows == 1;
    copied_words ahead[1]{};

    /// Each copying thread: as above.
    DEEPGEMM_DEVICE void start(const scale_place& from, i32 index) {
        // Rows beyond the last one never reach D. They get scales of another row, so that loads stay inside the matrix.
        const i32 row = min(from.row + i32(thread), from.rows - 1);
        first = p.words.words + from.matrix_words + row * p.words.stride_mn;
        rows_left = from.rows - row;
        words = scale::words<Scale>(from.k);
        const i32 word = index / format::per_word;
        if (!comes_at_once(word)) {
            load_one(word);
        } else {
            if constexpr (looks_ahead) fetch(ahead, word / depth * depth);
            load(word / depth * depth);
            DEEPGEMM_NO_UNROLL
            for (i32 i = 0; i < word % depth; ++i) shift();
        }
    }
    DEEPGEMM_DEVICE void put(i32 index, u32 to) {
        DEEPGEMM_UNROLL
        for (int i = 0; i < rows; ++i) {
            const u32 mine = thread + u32(i * Threads);
            if (TileRows % Threads == 0 || mine < u32(TileRows))
                ptx::st_shared(to + mine * u32(sizeof(u32)), held[i][0]);
        }
        const i32 next = (index + 1) / format::per_word;
        if ((index + 1) % format::per_word != 0 || next == words) return;
        if (!comes_at_once(next)) {
            load_one(next);
        } else if (next % depth == 0) {
            load(next);
        } else {
            shift();
        }
    }
    DEEPGEMM_DEVICE void finish() const {}

private:
    /// True if word number `word` of a row comes with its neighbours in one load.
    DEEPGEMM_DEVICE bool comes_at_once(i32 word) const {
        return word / depth * depth + depth <= words && p.words.stride_mn % depth == 0 &&
               reinterpret_cast<u64>(first) % sizeof(copied_words) == 0;
    }
    /// Address of word `word` of the thread's row number `i`.
    DEEPGEMM_DEVICE const u32* at(int i, i32 word) const {
        return first + word + (i * Threads < rows_left ? i * Threads * p.words.stride_mn : 0);
    }
    /// Loads the `depth` words from number `word` on, of all rows before the first one is waited for.
    DEEPGEMM_DEVICE void fetch(copied_words (&to)[rows], i32 word) const {
        DEEPGEMM_UNROLL
        for (int i = 0; i < rows; ++i) to[i] = ptx::ld_global(reinterpret_cast<const copied_words*>(at(i, word)));
    }
    DEEPGEMM_DEVICE void hold(const copied_words (&loaded)[rows]) {
        DEEPGEMM_UNROLL
        for (int i = 0; i < rows; ++i) {
            DEEPGEMM_UNROLL
            for (int j = 0; j < depth; ++j) held[i][j] = loaded[i].word[j];
        }
    }
    /// Turns to the `depth` words from number `word` on.
    DEEPGEMM_DEVICE void load(i32 word) {
        if constexpr (looks_ahead) {
            hold(ahead);
            if (comes_at_once(word + depth)) fetch(ahead, word + depth);
        } else {
            copied_words loaded[rows];
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
    static constexpr u32 kept_bytes = 0;
    const params<Scale>& p;
    u32 thread, kept;

    DEEPGEMM_DEVICE void start(const scale_place&, i32) const {}
    DEEPGEMM_DEVICE void put(i32, u32) const {}
    DEEPGEMM_DEVICE void finish() const {}
};

}  // namespace deepgemm::scale
