// SPDX-License-Identifier: MIT
// The sink `scatter`: rows of the product are stored where a list in device memory says. Rows that lie anywhere are no box of
// TMA, and a copy for each would take its issuing thread 15 cycles, 2000 for a tile of 128 rows. So warps stage their rows as
// ever, and then store them, 16 bytes a lane and whole lines at a time: 4 loads and 4 stores of a warp for each 16 rows of 128
// bytes.
#pragma once

#include <deepgemm/epilogue/stage.cuh>
#include <deepgemm/epilogue/store.cuh>
#include <deepgemm/pipeline/listed_row.cuh>

namespace deepgemm {

/// Where the rows of a product lie in D: row i is row list[i] of its `rows`.
template <class T>
struct scattered_rows : ragged_edge<T> {
    row_list list;
    i64 rows;
};

/// The staging of one owner, a warp or a warpgroup: one buffer. A warp stores the rows that it has written there itself.
template <class T, int Rows, int Columns>
struct scatter_stage {
    using fragment = sm90::wgmma_rows;
    using buffer = store_buffer<T, Rows, Columns>;
    using element = T;
    using tile = typename buffer::tile;
    using destination = scattered_rows<T>;
    static constexpr bool fetches = false, stacked = false;
    static constexpr int chosen_columns = Columns,
                         chosen_buffers = 0;  ///< of a configuration; it has no choice of buffers
    static constexpr int rows = Rows;
    static constexpr u32 threads = 128 * Rows / fragment::rows;  ///< of an owner
    static constexpr u32 bytes = tile::bytes, barrier_bytes = 0;
    static constexpr int batch = 1, batch_columns = Columns, registers = buffer::registers;

    u32 address;   ///< shared address of this owner's buffer
    u32 c_landed;  ///< as in store_stage; there is no C
    u32 barrier;   ///< number of the hardware barrier at which its threads meet if they are a warpgroup

    /// True if D ends, in the tile whose last column is `n` - 1, inside a unit of 16 bytes.
    DEEPGEMM_BOTH static constexpr bool cuts(result_end end, i32 /*m*/, i32 n) {
        return n > end.n && end.n * i64(sizeof(T)) % 16 != 0;
    }

    /// The owner's threads: stores a batch, Rows x Columns values, from (row, column) of the product on; element by element if
    /// `Ragged`. Rows and columns beyond `to.end` are left out.
    template <bool Ragged>
    DEEPGEMM_DEVICE void put(const tensor_map&, const destination& to, const float (&value)[1][buffer::registers],
                             i32 row, i32 column, i32 /*matrix*/) const {
        const int lane = int(ptx::lane_index()), first = warp_row();  // of the warp's rows in the buffer
        const i32 m = row + first + lane % fragment::warp_rows;
        const i32 named = m < to.end.m ? listed_row(to.list, m, to.rows) : -1;  // for row lane % 16 of the warp
        if constexpr (Ragged) {
            const ragged_edge<T> there{to.d, to.layout, {i32(to.rows), to.end.n}};
            DEEPGEMM_UNROLL
            for (int i = 0; i < registers; i += 2) {
                const i32 target = ptx::shuffle(named, u32(fragment::row(lane, i) % fragment::warp_rows));
                if (target >= 0)
                    there.template store<false>(value[0][i], value[0][i + 1], target,
                                                column + fragment::column(lane, i));
            }
        } else {
            constexpr int unit = int(16 / sizeof(T)), lanes = int(tile::row_bytes / 16), at_once = 32 / lanes;
            ptx::sync_warp();  // all have read the batch before
            buffer{address}.write(value[0]);
            ptx::sync_warp();
            const i32 n = column + lane % lanes * unit;
            DEEPGEMM_UNROLL
            for (int i = 0; i < fragment::warp_rows; i += at_once) {
                const int mine = i + lane / lanes;
                const i32 target = ptx::shuffle(named, u32(mine));
                const auto piece =
                    ptx::ld_shared<ptx::vec4<u32>>(address + tile::offset(first + mine, lane % lanes * unit));
                if (target >= 0 && n < to.end.n)
                    ptx::st_global(reinterpret_cast<ptx::vec4<u32>*>(to.d + to.layout.offset(target, n)), piece);
            }
        }
    }

    /// The owner's threads: all that they have stored is visible to the one thread for which this is true, so that it may
    /// release it.
    DEEPGEMM_DEVICE bool complete() const {
        if constexpr (Rows == fragment::warp_rows) {
            ptx::sync_warp();
        } else {
            ptx::barrier_sync(barrier, threads);
        }
        return ptx::thread_index() % threads == 0;
    }

    /// Nothing is under way.
    DEEPGEMM_DEVICE static void finish() {}

private:
    /// First of the calling warp's rows in the buffer.
    DEEPGEMM_DEVICE static int warp_row() { return int(ptx::thread_index() % threads) / 32 * fragment::warp_rows; }
};

/// Stores D as `T`, rounded once from the FP32 totals, its rows in the order of a list: what is computed of row i goes to row
/// d.list[i] of the arguments, of d.rows. A row that the list names twice gets one of the two results, or parts of both; one
/// that it does not name stays as it was.
template <output_element T>
struct scatter : store<T> {
    static constexpr bool scatters = true;
    template <class Shape>
    using staging = scatter_stage<T, Shape::rows, Shape::columns>;
};

static_assert(epilogue<scatter<bf16>>);

}  // namespace deepgemm
