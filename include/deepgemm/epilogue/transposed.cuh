// SPDX-License-Identifier: MIT
// The staging of a D that is transposed in memory: rows of D are columns of the product, as after an exchange of A and B
// (kernel/swapped.cuh). On Hopper stmatrix transposes 16-bit values on their way to shared memory, on Blackwell, where a thread
// has a row, neighbours exchange them; TMA copies them to D. Each warp stages its own 16 or 32 rows of the product.
#pragma once

#include <deepgemm/epilogue/stage.cuh>

namespace deepgemm {

template <class T, int TileColumns, bool Accumulate, fragment_map Fragment>
struct transposed_stage;
template <class T, int TileColumns, bool Accumulate, fragment_map Fragment>
struct transposed_stack_stage;

/// `Sink`, a store or an accumulate, for a D (and a C) that are transposed in memory: element (m, n) of the product is in row n
/// and column m of memory.
template <class Sink>
struct transposing : Sink {
    template <class Shape>
    using staging = conditional_t<
        Shape::stacked,
        transposed_stack_stage<typename Sink::element, Shape::tile_columns, Sink::accumulates,
                               typename Shape::fragment>,
        transposed_stage<typename Sink::element, Shape::tile_columns, Sink::accumulates, typename Shape::fragment>>;
};

namespace detail {
/// The most columns of `columns` that divide them, in groups of eight, and that are at most `most`.
DEEPGEMM_BOTH constexpr int equal_parts(int columns, int most) {
    int part = min(columns, most) / 8 * 8;
    while (columns % part != 0) part -= 8;
    return part;
}
}  // namespace detail

/// The staging of one warp: its rows by all `TileColumns` columns of a tile of the product, or by as many as a thread can hold,
/// which are so many rows of D. With `Accumulate`, TMA first loads C there. `Fragment` says which thread holds which of the
/// values.
template <class T, int TileColumns, bool Accumulate, fragment_map Fragment>
struct transposed_stage {
    using element = T;
    using fragment = Fragment;
    static constexpr bool fetches = Accumulate, stacked = false;
    static constexpr int chosen_columns = 0, chosen_buffers = 0;  ///< of a configuration: it has no choice
    static constexpr int rows = fragment::warp_rows;
    static constexpr int batch = 1, batch_columns = detail::equal_parts(TileColumns, columns_at_hand<fragment>),
                         registers = fragment_registers<fragment>(batch_columns);
    using tile = smem_tile<T, batch_columns, rows>;
    /// Buffers: two take turns if a tile has several batches.
    static constexpr int slots = Accumulate || batch_columns == TileColumns ? 1 : 2;
    static constexpr u32 bytes = slots * tile::bytes;
    static constexpr u32 barrier_bytes = Accumulate ? 8 : 0;
    /// The unit that put() fills: a whole buffer.
    struct buffer {
        static constexpr int registers = fragment_registers<fragment>(batch_columns);
    };

    u32 address;   ///< shared address of this warp's buffers
    u32 c_landed;  ///< shared address of the barrier on which a tile of C completes
    u32 barrier;   ///< as in store_stage; a warp needs none
    u32 parity = 0;
    u32 slot = 0;

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
            ptx::tma_load<2>(c, address, c_landed, {row, column});  // (batch_columns, rows)
        }
        ptx::sync_warp();
    }

    /// Converged warp: stores its rows of the product from `row` on, and a batch of columns from `column` on; element by
    /// element if `Ragged`.
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
                ptx::bulk_wait_read<slots - 1>();
                ptx::sync_warp();
            }
            write(value[0]);
            ptx::fence_proxy_async();
            ptx::sync_warp();
            if (issues()) {
                const i32 place[2] = {row, column};
                ptx::tma_store<2>(d, start(), place);  // (batch_columns, rows)
                ptx::bulk_commit();
            }
            if constexpr (slots > 1) slot ^= 1;
        }
        ptx::sync_warp();
    }

    /// Converged warp: waits until all copies have read shared memory, so that the CTA may end.
    DEEPGEMM_DEVICE static void finish() {
        ptx::bulk_wait_read<0>();
        ptx::sync_warp();
    }

protected:
    /// True if fragments consist of the blocks of 8 x 8 that stmatrix moves.
    static constexpr bool by_blocks = half_element<T> && same_as<fragment, sm90::wgmma_rows>;
    /// True if a thread holds whole rows of the product, so that two 16-bit values that lie side by side in D are those of
    /// neighbouring lanes.
    static constexpr bool by_neighbours = half_element<T> && fragment::row_lanes == 1;

    /// Shared address of the buffer in use.
    DEEPGEMM_DEVICE u32 start() const { return slots == 1 ? address : address + slot * tile::bytes; }

    /// Blocks of 8 x 8 that one stmatrix moves: rows 0-7 and 8-15 and, if there are enough columns, the same of the next eight.
    static constexpr int matrices = registers % 8 == 0 ? 4 : 2;

    /// Shared address of the 16 bytes, part of a column, that the calling lane gives to stmatrix or ldmatrix for registers from
    /// `i` on.
    DEEPGEMM_DEVICE u32 matrix_column(int i) const {
        const int lane = int(ptx::lane_index());
        return start() + tile::offset(2 * i + lane / 16 % (matrices / 2) * 8 + lane % 8, lane / 8 % 2 * 8);
    }
    /// Where register `i` of the calling thread lies.
    DEEPGEMM_DEVICE u32 place_of(int i) const {
        const int lane = int(ptx::lane_index());
        return start() + tile::offset(fragment::column(lane, i), fragment::row(lane, i));
    }

    /// Where two rows of the product that neighbouring lanes hold lie, in column `i` for an even lane, in the next for an odd
    /// one.
    DEEPGEMM_DEVICE u32 pair_of(int i) const {
        const int lane = int(ptx::lane_index());
        return start() + tile::offset(i + lane % 2, lane / 2 * 2);
    }

    /// Converged warp: rounds a fragment to T and writes it, transposed.
    DEEPGEMM_DEVICE void write(const float (&value)[registers]) const {
        if constexpr (by_blocks) {
            store_blocks<T, matrices, true>(value, [this](int i) { return matrix_column(i); });
        } else if constexpr (by_neighbours) {
            // Of columns i and i + 1, an even lane takes the first for both rows, an odd lane the second.
            const bool odd = ptx::lane_index() % 2 != 0;
            DEEPGEMM_UNROLL
            for (int i = 0; i < registers; i += 2) {
                const float mine = odd ? value[i + 1] : value[i];
                const float other = ptx::shuffle_xor(odd ? value[i] : value[i + 1], 1);
                ptx::st_shared(pair_of(i), odd ? ptx::pack<T>(other, mine) : ptx::pack<T>(mine, other));
            }
        } else {
            DEEPGEMM_UNROLL
            for (int i = 0; i < registers; ++i) ptx::st_shared(place_of(i), value[i]);
        }
    }

    /// Converged warp: adds what the buffer holds to a fragment.
    DEEPGEMM_DEVICE void add_to(float (&value)[registers]) const {
        if constexpr (by_blocks) {
            add_blocks<T, matrices, true>(value, [this](int i) { return matrix_column(i); });
        } else if constexpr (by_neighbours) {
            const bool odd = ptx::lane_index() % 2 != 0;
            DEEPGEMM_UNROLL
            for (int i = 0; i < registers; i += 2) {
                const auto c = ptx::unpack<T>(ptx::ld_shared<u32>(pair_of(i)));
                const float other = ptx::shuffle_xor(odd ? c.x : c.y, 1);
                value[i] += odd ? other : c.x;
                value[i + 1] += odd ? c.y : other;
            }
        } else {
            DEEPGEMM_UNROLL
            for (int i = 0; i < registers; ++i) value[i] += ptx::ld_shared<float>(place_of(i));
        }
    }

    DEEPGEMM_DEVICE static bool issues() { return ptx::thread_index() % 32 == 0; }
};

/// The same where D is a stack of matrices in which products may end at any row, as those of masked groups do. TMA would store
/// rows of a tile that lie beyond that, so the lanes of the warp store what they have staged, 16 bytes each.
template <class T, int TileColumns, bool Accumulate, fragment_map Fragment>
struct transposed_stack_stage : transposed_stage<T, TileColumns, false, Fragment> {
    static_assert(same_as<Fragment, sm90::wgmma_rows>, "gemm: config.swap takes groups on Hopper only");
    static_assert(!Accumulate, "gemm: config.swap accumulates in single products, not in groups");
    using base = transposed_stage<T, TileColumns, false, Fragment>;
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
