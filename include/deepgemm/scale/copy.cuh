// SPDX-License-Identifier: MIT
// Copies K-major scales into stages. There the words of one K block follow each other, row by row, while in memory the words of
// one row do, so TMA cannot bring them: its copies keep the order. Two warps that have nothing else to do copy four words of a row
// at a time to shared memory and hand out one for each K block.
#pragma once

#include <deepgemm/ptx/cp_async.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/registers.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/scale/feed.cuh>

namespace deepgemm::scale {

/// Copies scales `Scale` of tiles of `TileRows` rows with `Threads` threads, each of which serves every `Threads`-th row. Groups
/// of four words of a row land in shared memory, ahead of the K blocks that need them, and wait there.
template <class Scale, int TileRows, int Threads>
struct stage_copy {
    using format = typename Scale::format;
    static constexpr int rows = ceil_div(TileRows, Threads);  ///< that one thread serves
    static constexpr int depth = 4;                           ///< words of a group
    /// Groups of a row that are held or under way. The K blocks of a high tile take longer than a copy does, so one is enough.
    static constexpr int groups = TileRows <= 128 ? 2 : 1;
    static constexpr u32 group_bytes = depth * u32(sizeof(u32));
    static constexpr u32 kept_bytes = TileRows * groups * group_bytes;  ///< of shared memory, 16-byte aligned

    const params<Scale>& p;
    u32 thread;  ///< of the copying threads
    u32 kept;    ///< shared address of the groups
    scale_place
        from{};  ///< the thread's first row. Addresses are computed anew for each copy, as producers have few registers.

    /// Each copying thread: starts with the tile whose first row is `tile.row`. Scales are put from number `index` along K on.
    DEEPGEMM_DEVICE void start(const scale_place& tile, i32 index) {
        from = tile;
        from.row += i32(thread);
        finish();  // a tile of a part of K leaves groups that it has not needed
        DEEPGEMM_UNROLL
        for (int i = 0; i < groups; ++i) fetch(index / format::per_word / depth + i);
    }

    /// Each copying thread: writes the words of scale number `index` along K to shared address `to`, one for each row of the
    /// tile. Numbers come one after another.
    DEEPGEMM_DEVICE void put(i32 index, u32 to) const {
        const i32 word = index / format::per_word;
        ptx::cp_async_wait<groups - 1>();
        const u32 at = place_of(word / depth) + u32(word % depth) * u32(sizeof(u32));
        DEEPGEMM_UNROLL
        for (int i = 0; i < rows; ++i) {
            if (serves(i))
                ptx::st_shared(to + (thread + u32(i * Threads)) * u32(sizeof(u32)),
                               ptx::ld_shared<u32>(at + u32(i * Threads) * group_bytes));
        }
        const bool group_ends = (word + 1) % depth == 0 || word + 1 == words();
        if (group_ends && (index + 1) % format::per_word == 0) fetch(word / depth + groups);
    }

    /// Each copying thread: nothing is under way any more.
    DEEPGEMM_DEVICE void finish() const { ptx::cp_async_wait<0>(); }

private:
    /// Words of a row.
    DEEPGEMM_DEVICE i32 words() const { return scale::words<Scale>(from.k); }
    /// True if the tile has a row for the thread's number `i`.
    DEEPGEMM_DEVICE bool serves(int i) const {
        return TileRows % Threads == 0 || thread + u32(i * Threads) < u32(TileRows);
    }
    /// Shared address of group number `group` of the thread's first row.
    DEEPGEMM_DEVICE u32 place_of(i32 group) const {
        return kept + (u32(group % groups) * u32(TileRows) + ptx::keep(thread)) * group_bytes;
    }
    /// Starts to copy group number `group` of all rows, as far as they have it.
    DEEPGEMM_DEVICE void fetch(i32 group) const {
        const i32 there = min(words() - group * depth, depth);
        if (there > 0) {
            const u32* const words = p.words.words + from.matrix_words + group * depth;
            const bool at_once = p.words.stride_mn % depth == 0 && reinterpret_cast<u64>(words) % group_bytes == 0;
            const u32 to = place_of(group);
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
            // L1 keeps the line, which holds the next groups, too, and which other tiles of these rows read again.
            ptx::cp_async_part<int(group_bytes), true>(to, from, u32(there) * u32(sizeof(u32)));
            return;
        }
        DEEPGEMM_UNROLL
        for (i32 word = 0; word < depth; ++word)
            ptx::cp_async<sizeof(u32)>(to + u32(word) * u32(sizeof(u32)), from + word, word < there);
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
