// SPDX-License-Identifier: MIT
// Staging between registers and D: math warps write their fragments to buffers in shared memory (store_buffer.cuh), and TMA
// copies them to D. TMA clips rows exactly, but columns only to whole units of 16 bytes; if D ends inside a unit, the warps
// store their elements themselves. To accumulate, TMA first loads C into the same buffers, early, during the main loop. A
// buffer belongs to one warp (16 rows; no barrier at all) or to one warpgroup (64 rows; a fourth of the copies).
#pragma once

#include <deepgemm/epilogue/edge.cuh>
#include <deepgemm/epilogue/store_buffer.cuh>
#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/ptx/fence.cuh>
#include <deepgemm/ptx/mbarrier.cuh>
#include <deepgemm/ptx/tma.cuh>
#include <deepgemm/ptx/warp.cuh>

namespace deepgemm {

/// Column of D at which column `n` of the product is stored.
template <head_splits Heads>
DEEPGEMM_BOTH constexpr i32 stored_column(i32 n) {
    if constexpr (Heads.any()) {
        return n + (n + Heads.right) / (Heads.left + Heads.right) * Heads.middle;
    } else {
        return n;
    }
}

/// Columns that a stage's put_lines() stores at once; 0 if it has none.
template <class Stage>
inline constexpr int line_columns_of = 0;
template <class Stage>
    requires requires { Stage::line_columns; }
inline constexpr int line_columns_of<Stage> = Stage::line_columns;

/// The staging of one owner, a warp or a warpgroup: `Buffers` buffers, which it fills in batches. They are copied to D (and
/// filled from C), or added to D if `InPlace`. `Fragment` says which thread holds which of the values.
template <class T, int TileColumns, int Rows, int Columns, int Buffers, bool Accumulate, bool InPlace,
          head_splits Heads, bool Stacked = false, fragment_map Fragment = sm90::wgmma_rows>
struct store_stage {
    static_assert(Rows == Fragment::warp_rows || Rows == Fragment::rows,
                  "store_stage: rows of a warp or of a warpgroup");
    using buffer = store_buffer<T, Rows, Columns, Fragment>;
    using element = T;
    using tile = typename buffer::tile;
    static constexpr bool fetches = Accumulate, stacked = Stacked;
    /// What the configuration chose; 0 if it has no choice.
    static constexpr int chosen_columns = Columns, chosen_buffers = Buffers;
    static constexpr int rows = Rows;
    static constexpr u32 threads = 128 * Rows / Fragment::rows;  ///< of an owner
    static constexpr u32 bytes = Buffers * tile::bytes;          ///< per owner
    static constexpr u32 barrier_bytes = Accumulate ? 8 : 0;

    /// Buffers filled between two waits: those for all columns of a tile if they fit, else half of the buffers while the others
    /// drain; but one by one if a thread cannot hold so many columns.
    static constexpr int buffers_per_tile = TileColumns / Columns;
    static constexpr int widest_batch = Buffers >= buffers_per_tile                                  ? buffers_per_tile
                                        : Buffers > 1 && buffers_per_tile % max(Buffers / 2, 1) == 0 ? Buffers / 2
                                                                                                     : 1;
    static constexpr int batch = widest_batch * Columns <= columns_at_hand<Fragment> ? widest_batch : 1;
    static constexpr int slots = Accumulate ? 1 : Buffers / batch;
    static constexpr int registers = batch * buffer::registers;  ///< of a thread in one batch
    static constexpr int batch_columns = batch * Columns;
    /// Columns of D that put_lines() stores at once, 16 bytes; 0 if it must not be called.
    static constexpr int line_columns =
        Accumulate || InPlace || Heads.any() || Columns * sizeof(T) % 16 != 0 ? 0 : int(16 / sizeof(T));

    u32 address;   ///< shared address of this owner's buffers
    u32 c_landed;  ///< shared address of the barrier on which tiles of C complete
    u32 barrier;   ///< number of the hardware barrier at which its threads meet if they are a warpgroup
    u32 slot = 0;
    u32 parity = 0;

    /// The tensor map of D for a product of `m` rows and `n` columns.
    DEEPGEMM_BOTH static constexpr tensor_map_request map(const void* d, i32 m, i32 n, i64 pitch) {
        return matrix_map(d, dtype_of<T>, m, stored_column<Heads>(n), pitch * i64(sizeof(T)), tile::rows, tile::columns,
                          tile::swizzle);
    }

    /// True if D ends, in the tile whose last column is `n` - 1, inside a unit of 16 bytes, where TMA cannot clip it.
    DEEPGEMM_BOTH static constexpr bool cuts(result_end end, i32 /*m*/, i32 n) {
        return !Heads.any() && n > end.n && end.n * i64(sizeof(T)) % 16 != 0;
    }

    /// The owner's threads: starts to load a batch of C, from (row, column) on, into the buffers, once earlier copies out of
    /// them have been read.
    DEEPGEMM_DEVICE void fetch(const tensor_map& c, i32 row, i32 column, i32 matrix) const {
        if (issues()) {
            ptx::bulk_wait_read<0>();
            ptx::mbarrier_arrive_expect_tx(c_landed, batch * tile::bytes);
            DEEPGEMM_UNROLL
            for (int i = 0; i < batch; ++i) {
                const u32 to = address + u32(i) * tile::bytes;  // (Rows, Columns)
                if constexpr (Stacked) {
                    ptx::tma_load<3>(c, to, c_landed, {column + i * Columns, row, matrix});
                } else {
                    ptx::tma_load<2>(c, to, c_landed, {column + i * Columns, row});
                }
            }
        }
        ptx::sync_warp();
    }

    /// The owner's threads: stores a batch, Rows x batch_columns values. They go to row `row` of D and to the columns of D that
    /// belong to columns `column` and following of the product; element by element if `Ragged`. Waits only for earlier copies
    /// of these buffers.
    template <bool Ragged>
    DEEPGEMM_DEVICE void put(const tensor_map& d, const ragged_edge<T>& edge, float (&value)[batch][buffer::registers],
                             i32 row, i32 column, i32 matrix) {
        const u32 first = address + slot * (batch * tile::bytes);
        if constexpr (Accumulate) {
            ptx::mbarrier_wait(c_landed, parity, "math: tile of C");
            parity ^= 1;
            DEEPGEMM_UNROLL
            for (int i = 0; i < batch; ++i) buffer{first + u32(i) * tile::bytes}.add_to(value[i]);
        }
        if constexpr (Ragged) {
            if constexpr (Accumulate) sync();  // all have read this batch of C before the next one may land
            put_elements(edge, value, row, column);
            ptx::sync_warp();
        } else {
            copy_out(d, first, value, row, column, matrix);
            if constexpr (slots > 1) slot = slot + 1 == u32(slots) ? 0 : slot + 1;
        }
    }

    /// The owner's threads: stores a batch as put() does, up to the last row and column of D, without a copy. Only if
    /// `line_columns` is not 0 and D ends at a multiple of so many columns. Elements of one thread would be stored two at a time,
    /// since it holds no more neighbours; so they pass through the buffers, too.
    DEEPGEMM_DEVICE void put_lines(const ragged_edge<T>& edge, const float (&value)[batch][buffer::registers], i32 row,
                                   i32 column) const {
        const u32 first = address + slot * (batch * tile::bytes);
        fill(first, value);
        sync();
        constexpr int parts = Columns / line_columns, pieces = Rows * parts;  // of a row, and of a buffer
        DEEPGEMM_NO_UNROLL
        for (int i = int(ptx::thread_index() % threads); i < batch * pieces; i += int(threads)) {
            const int r = i % pieces / parts, c = i % parts * line_columns;
            const i32 m = row + r, n = column + i / pieces * Columns + c;
            const auto piece =
                ptx::ld_shared<ptx::vec4<u32>>(first + u32(i / pieces) * tile::bytes + tile::offset(r, c));
            if (m < edge.end.m && n < edge.end.n)
                ptx::st_global(reinterpret_cast<ptx::vec4<u32>*>(edge.d + edge.layout.offset(m, n)), piece);
        }
        ptx::sync_warp();
    }

    /// The owner's threads: waits until all that they have stored, by copies and by themselves, is in global memory. True in
    /// the one thread that then sees it all, so that it may release it.
    DEEPGEMM_DEVICE bool complete() const {
        sync();
        if (!issues()) return false;
        ptx::bulk_wait<0>();
        ptx::fence_proxy_async_global();
        return true;
    }

    /// The owner's threads: waits until all copies have read shared memory, so that the CTA may end.
    DEEPGEMM_DEVICE static void finish() {
        ptx::bulk_wait_read<0>();
        ptx::sync_warp();
    }

private:
    /// The owner's threads: writes a batch to the buffers from `first` on, once earlier copies have left them. Those that hold a
    /// tile of C have no copies under way.
    DEEPGEMM_DEVICE void fill(u32 first, const float (&value)[batch][buffer::registers]) const {
        if constexpr (!Accumulate) {
            ptx::bulk_wait_read<slots - 1>();
            sync();
        }
        DEEPGEMM_UNROLL
        for (int i = 0; i < batch; ++i) buffer{first + u32(i) * tile::bytes}.write(value[i]);
    }
    /// The owner's threads: writes a batch to the buffers from `first` on and starts to copy them to D.
    DEEPGEMM_DEVICE void copy_out(const tensor_map& d, u32 first, const float (&value)[batch][buffer::registers],
                                  i32 row, i32 column, i32 matrix) const {
        fill(first, value);
        ptx::fence_proxy_async();
        sync();
        if (issues()) {
            DEEPGEMM_UNROLL
            for (int i = 0; i < batch; ++i) {
                const u32 from = first + u32(i) * tile::bytes;
                constexpr int rank = Stacked ? 3 : 2;
                i32 place[rank] = {stored_column<Heads>(column + i * Columns), row};  // (Rows, Columns)
                if constexpr (Stacked) place[2] = matrix;
                if constexpr (InPlace) {
                    ptx::tma_reduce_add<rank>(d, from, place);
                } else {
                    ptx::tma_store<rank>(d, from, place);
                }
            }
            ptx::bulk_commit();
        }
        ptx::sync_warp();
    }

    /// The owner's threads: stores a batch element by element, at the ragged edge of D.
    DEEPGEMM_DEVICE static void put_elements(const ragged_edge<T>& edge, const float (&value)[batch][buffer::registers],
                                             i32 row, i32 column) {
        const auto place = fragment_place<Fragment>::here().in(Rows, row, column);
        const ragged_edge<T> there{edge.d, edge.layout, {edge.end.m, stored_column<Heads>(edge.end.n)}};
        DEEPGEMM_UNROLL
        for (int i = 0; i < registers; i += 2) {
            const float(&from)[buffer::registers] = value[i / buffer::registers];
            there.template store<InPlace>(from[i % buffer::registers], from[i % buffer::registers + 1], place.row_of(i),
                                          stored_column<Heads>(place.column_of(i)));
        }
    }

    /// True in the one thread of the owner that issues its copies, since bulk groups belong to a thread.
    DEEPGEMM_DEVICE static bool issues() { return ptx::thread_index() % threads == 0; }

    /// All threads of the owner meet.
    DEEPGEMM_DEVICE void sync() const {
        if constexpr (Rows == Fragment::warp_rows) {
            ptx::sync_warp();
        } else {
            ptx::barrier_sync(barrier, threads);
        }
    }
};

}  // namespace deepgemm
