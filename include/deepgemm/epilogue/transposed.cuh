// SPDX-License-Identifier: MIT
// The staging of a D that is transposed in memory: rows of D are columns of the product, as after an exchange of A and B
// (kernel/swapped.cuh). stmatrix transposes 16-bit values on their way to shared memory, and TMA copies them to D. Each warp
// stages its own 16 rows of the product.
#pragma once

#include <deepgemm/epilogue/stage.cuh>

namespace deepgemm {

template <class T, int TileColumns, bool Accumulate>
struct transposed_stage;
template <class T, int TileColumns, bool Accumulate>
struct transposed_stack_stage;

/// `Sink`, a store or an accumulate, for a D (and a C) that are transposed in memory: element (m, n) of the product is in row n
/// and column m of memory.
template <class Sink>
struct transposing : Sink {
    template <class Shape>
    using staging =
        conditional_t<Shape::stacked,
                      transposed_stack_stage<typename Sink::element, Shape::tile_columns, Sink::accumulates>,
                      transposed_stage<typename Sink::element, Shape::tile_columns, Sink::accumulates>>;
};

/// The staging of one warp: 16 rows by all `TileColumns` columns of a tile of the product, which are TileColumns rows of 16
/// elements in D. With `Accumulate`, TMA first loads C there.
template <class T, int TileColumns, bool Accumulate>
struct transposed_stage {
    using element = T;
    using fragment = sm90::wgmma_rows;
    static constexpr bool fetches = Accumulate, stacked = false;
    static constexpr int chosen_columns = 0, chosen_buffers = 0;  ///< of a configuration: it has no choice
    static constexpr int rows = fragment::warp_rows;
    using tile = smem_tile<T, TileColumns, rows>;
    static constexpr u32 bytes = tile::bytes;
    static constexpr u32 barrier_bytes = Accumulate ? 8 : 0;
    static constexpr int batch = 1, batch_columns = TileColumns, registers = fragment_registers<fragment>(TileColumns);
    /// The unit that put() fills: the whole stage.
    struct buffer {
        static constexpr int registers = fragment_registers<fragment>(TileColumns);
    };

    u32 address;   ///< shared address of this warp's buffer
    u32 c_landed;  ///< shared address of the barrier on which a tile of C completes
    u32 barrier;   ///< as in store_stage; a warp needs none
    u32 parity = 0;

    /// The tensor map of D for a product of `m` rows and `n` columns.
    DEEPGEMM_BOTH static constexpr tensor_map_request map(const void* d, i32 m, i32 n, i64 pitch) {
        return matrix_map(d, dtype_of<T>, n, m, pitch * i64(sizeof(T)), tile::rows, tile::columns, tile::swizzle);
    }

    /// True if D ends, in the tile whose last row of the product is `m` - 1, inside a unit of 16 bytes, where TMA cannot clip
    /// it.
    DEEPGEMM_BOTH static constexpr bool cuts(result_end end, i32 m, i32 /*n*/) {
        return m > end.m && end.m * i64(sizeof(T)) % 16 != 0;
    }

    /// Converged warp: starts to load C for put() at the same place, once the buffer's last copy has been read.
    DEEPGEMM_DEVICE void fetch(const tensor_map& c, i32 row, i32 column, i32 /*matrix*/) const {
        if (issues()) {
            ptx::bulk_wait_read<0>();
            ptx::mbarrier_arrive_expect_tx(c_landed, tile::bytes);
            ptx::tma_load<2>(c, address, c_landed, {row, column});  // (TileColumns, 16)
        }
        ptx::sync_warp();
    }

    /// Converged warp: stores 16 rows of the product from `row` on, and its columns from `column` on; element by element if
    /// `Ragged`.
    template <bool Ragged>
    DEEPGEMM_DEVICE void put(const tensor_map& d, const ragged_edge<T>& edge, float (&value)[1][registers], i32 row,
                             i32 column, i32 /*matrix*/) {
        if constexpr (Accumulate) {
            ptx::mbarrier_wait(c_landed, parity, "math: tile of C");
            parity ^= 1;
            add_to(value[0]);
            ptx::sync_warp();  // all lanes have read C before the buffer takes D, or the next tile of C
        }
        if constexpr (Ragged) {
            const auto place = fragment_place<fragment>::here().in(rows, row, column);
            DEEPGEMM_UNROLL
            for (int i = 0; i < registers; ++i) {
                edge.store_transposed(value[0][i], place.row_of(i), place.column_of(i));
            }
        } else {
            if constexpr (!Accumulate) {
                ptx::bulk_wait_read<0>();
                ptx::sync_warp();
            }
            write(value[0]);
            ptx::fence_proxy_async();
            ptx::sync_warp();
            if (issues()) {
                const i32 place[2] = {row, column};
                ptx::tma_store<2>(d, address, place);  // (TileColumns, 16)
                ptx::bulk_commit();
            }
        }
        ptx::sync_warp();
    }

    /// Converged warp: waits until all copies have read shared memory, so that the CTA may end.
    DEEPGEMM_DEVICE static void finish() {
        ptx::bulk_wait_read<0>();
        ptx::sync_warp();
    }

protected:
    /// Blocks of 8 x 8 that one stmatrix moves: rows 0-7 and 8-15 and, if there are enough columns, the same of the next eight.
    static constexpr int matrices = registers % 8 == 0 ? 4 : 2;

    /// Shared address of the 16 bytes, part of a column, that the calling lane gives to stmatrix or ldmatrix for registers from
    /// `i` on.
    DEEPGEMM_DEVICE u32 matrix_column(int i) const {
        const int lane = int(ptx::lane_index());
        return address + tile::offset(2 * i + lane / 16 % (matrices / 2) * 8 + lane % 8, lane / 8 % 2 * 8);
    }
    /// Where register `i` of the calling thread lies.
    DEEPGEMM_DEVICE u32 place_of(int i) const {
        const int lane = int(ptx::lane_index());
        return address + tile::offset(fragment::column(lane, i), fragment::row(lane, i));
    }

    /// Converged warp: rounds a fragment to T and writes it, transposed.
    DEEPGEMM_DEVICE void write(const float (&value)[registers]) const {
        if constexpr (half_element<T>) {
            store_blocks<T, matrices, true>(value, [this](int i) { return matrix_column(i); });
        } else {
            DEEPGEMM_UNROLL
            for (int i = 0; i < registers; ++i) ptx::st_shared(place_of(i), value[i]);
        }
    }

    /// Converged warp: adds what the buffer holds to a fragment.
    DEEPGEMM_DEVICE void add_to(float (&value)[registers]) const {
        if constexpr (half_element<T>) {
            add_blocks<T, matrices, true>(value, [this](int i) { return matrix_column(i); });
        } else {
            DEEPGEMM_UNROLL
            for (int i = 0; i < registers; ++i) value[i] += ptx::ld_shared<float>(place_of(i));
        }
    }

    DEEPGEMM_DEVICE static bool issues() { return ptx::thread_index() % 32 == 0; }
};

/// The same where D is a stack of matrices in which products may end at any row, as those of masked groups do. TMA would store
/// rows of a tile that lie beyond that, so the lanes of the warp store what they have staged, 16 bytes each.
template <class T, int TileColumns, bool Accumulate>
struct transposed_stack_stage : transposed_stage<T, TileColumns, false> {
    static_assert(!Accumulate, "gemm: config.swap accumulates in single products, not in groups");
    using base = transposed_stage<T, TileColumns, false>;
    using destination = ragged_edge<T>;
    static constexpr bool stacked = true;

    /// Converged warp: stores 16 rows of the product from `row` on, and its columns from `column` on; element by element if
    /// `Ragged`. Rows and columns beyond `to.end` are left out.
    template <bool Ragged>
    DEEPGEMM_DEVICE void put(const tensor_map& none, const destination& to, float (&value)[1][base::registers], i32 row,
                             i32 column, i32 matrix) {
        if constexpr (Ragged) {
            base::template put<true>(none, to, value, row, column, matrix);
        } else {
            constexpr int unit = int(16 / sizeof(T)), lanes = base::rows / unit, at_once = 32 / lanes;
            ptx::sync_warp();  // all have read the tile before
            base::write(value[0]);
            ptx::sync_warp();
            const int lane = int(ptx::lane_index()), first = lane % lanes * unit;
            DEEPGEMM_UNROLL
            for (int i = 0; i < TileColumns; i += at_once) {
                const int mine = i + lane / lanes;
                if (TileColumns % at_once != 0 && mine >= TileColumns) continue;
                const auto piece = ptx::ld_shared<ptx::vec4<u32>>(base::address + base::tile::offset(mine, first));
                if (row + first < to.end.m && column + mine < to.end.n)
                    ptx::st_global(
                        reinterpret_cast<ptx::vec4<u32>*>(to.d + to.layout.offset(column + mine, row + first)), piece);
            }
        }
    }

    /// Nothing is under way.
    DEEPGEMM_DEVICE static void finish() {}
};

}  // namespace deepgemm
