// SPDX-License-Identifier: MIT
// Staging between registers and D: a math warpgroup writes its fragment to swizzled shared memory (stmatrix for BF16) and
// TMA copies it out, clipping what lies beyond D. To accumulate, TMA first brings C into the same buffers, early, under the
// main loop. Each warpgroup has its own buffers and barrier and waits for nobody else.
#pragma once

#include <deepgemm/epilogue/store.cuh>
#include <deepgemm/layout/layout.cuh>
#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/ptx/convert.cuh>
#include <deepgemm/ptx/fence.cuh>
#include <deepgemm/ptx/matrix.cuh>
#include <deepgemm/ptx/mbarrier.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/tma.cuh>
#include <deepgemm/ptx/vector.cuh>
#include <deepgemm/ptx/warp.cuh>

namespace deepgemm {

/// One buffer: 64 rows by as many columns as fill a swizzle span; and how a warpgroup's fragment goes there and back.
template <class T, int TileColumns>
struct store_buffer {
    static constexpr int columns = gcd(TileColumns, int(128 / sizeof(T)));
    static constexpr int registers = columns / 2;  ///< of a thread's fragment
    using tile = smem_tile<T, sm90::fragment_rows, columns>;

    u32 address;

    /// All threads of the warpgroup: rounds a fragment to T and writes it.
    DEEPGEMM_DEVICE void write(const float (&value)[registers], sm90::fragment_place place) const {
        if constexpr (same_as<T, bf16>) {
            DEEPGEMM_UNROLL
            for (int i = 0; i < registers; i += 2 * matrices) {
                u32 packed[matrices];
                DEEPGEMM_UNROLL
                for (int j = 0; j < matrices; ++j) packed[j] = ptx::pack_bf16(value[i + 2 * j], value[i + 2 * j + 1]);
                ptx::stmatrix<matrices>(matrix_row(i), packed);
            }
        } else {
            DEEPGEMM_UNROLL
            for (int i = 0; i < registers; i += 2) ptx::st_shared(pair(i, place), ptx::vec2<float>{value[i], value[i + 1]});
        }
    }

    /// All threads of the warpgroup: adds what the buffer holds to a fragment.
    DEEPGEMM_DEVICE void add_to(float (&value)[registers], sm90::fragment_place place) const {
        if constexpr (same_as<T, bf16>) {
            DEEPGEMM_UNROLL
            for (int i = 0; i < registers; i += 2 * matrices) {
                u32 packed[matrices];
                ptx::ldmatrix<matrices>(packed, matrix_row(i));
                DEEPGEMM_UNROLL
                for (int j = 0; j < matrices; ++j) {
                    value[i + 2 * j] += bit_cast<float>(packed[j] << 16);
                    value[i + 2 * j + 1] += bit_cast<float>(packed[j] & 0xffff0000u);
                }
            }
        } else {
            DEEPGEMM_UNROLL
            for (int i = 0; i < registers; i += 2) {
                const auto c = ptx::ld_shared<ptx::vec2<float>>(pair(i, place));
                value[i] += c.x;
                value[i + 1] += c.y;
            }
        }
    }

  private:
    /// Blocks of 8 x 8 that one stmatrix moves: rows 0-7 and 8-15 of the warp, and the same of the next 8 columns.
    static constexpr int matrices = columns >= 16 ? 4 : 2;

    /// The row of 16 bytes that the calling lane names to stmatrix or ldmatrix for registers from `i` on.
    DEEPGEMM_DEVICE u32 matrix_row(int i) const {
        const int lane = int(ptx::lane_index()), row = int(ptx::thread_index() % 128) / 32 * 16 + lane % 16;
        return address + tile::offset(row, 8 * (i / 4 + (matrices == 4 ? lane / 16 : 0)));
    }

    /// Where registers `i` and `i + 1` of the calling thread lie.
    DEEPGEMM_DEVICE u32 pair(int i, sm90::fragment_place place) const {
        return address + tile::offset(place.row + 8 * (i / 2 % 2), place.column + 8 * (i / 4));
    }
};

/// The staging of one warpgroup: `Buffers` buffers, filled in batches, copied to D (and from C) by one thread.
template <class T, int TileColumns, int Buffers, bool Accumulate, head_splits Heads>
struct store_stage {
    using buffer = store_buffer<T, TileColumns>;
    using tile = typename buffer::tile;
    static constexpr u32 bytes = Buffers * tile::bytes;  ///< per warpgroup
    static constexpr u32 barrier_bytes = Accumulate ? 8 : 0;

    /// Buffers filled between two waits: a whole 64-row fragment if it fits, else half of the buffers while the others drain.
    static constexpr int buffers_per_wave = TileColumns / buffer::columns;
    static constexpr int batch = Buffers >= buffers_per_wave                              ? buffers_per_wave
                                 : Buffers > 1 && buffers_per_wave % (Buffers / 2) == 0 ? Buffers / 2
                                                                                          : 1;
    static constexpr int slots = Accumulate ? 1 : Buffers / batch;
    static constexpr int registers = batch * buffer::registers;  ///< of a thread in one batch
    static constexpr int batch_columns = batch * buffer::columns;

    u32 address;     ///< of this warpgroup's buffers
    u32 c_landed;    ///< barrier on which tiles of C complete
    u32 warpgroup;
    sm90::fragment_place place;
    u32 slot = 0;
    u32 parity = 0;

    /// True in the one thread of the warpgroup that issues its copies: bulk groups belong to a thread.
    DEEPGEMM_DEVICE static bool issues() { return ptx::thread_index() % 128 == 0; }

    /// Converged warps: starts to bring a batch of C, 64 rows from (row, column) on, into the buffers, as soon as the
    /// earlier copies out of them have been read.
    DEEPGEMM_DEVICE void fetch(const tensor_map& c, i32 row, i32 column) const {
        if (issues()) {
            ptx::bulk_wait_read<0>();
            ptx::mbarrier_arrive_expect_tx(c_landed, batch * tile::bytes);
            DEEPGEMM_UNROLL
            for (int i = 0; i < batch; ++i) {
                ptx::tma_load<2>(c, address + u32(i) * tile::bytes, c_landed, {column + i * buffer::columns, row});  // (64, columns)
            }
        }
        ptx::sync_warp();
    }

    /// All threads of the warpgroup: stores a batch, 64 x batch_columns values, to D at row `row` and the columns where
    /// columns `column`... of the product belong. Waits only for the buffers' own earlier copies.
    DEEPGEMM_DEVICE void put(const tensor_map& d, float (&value)[batch][buffer::registers], i32 row, i32 column) {
        const u32 first = address + slot * (batch * tile::bytes), barrier = 1 + warpgroup;
        if constexpr (Accumulate) {
            ptx::mbarrier_wait(c_landed, parity, "math: tile of C");
            parity ^= 1;
        } else {
            if (issues()) ptx::bulk_wait_read<slots - 1>();
            ptx::barrier_sync(barrier, 128);
        }
        DEEPGEMM_UNROLL
        for (int i = 0; i < batch; ++i) {
            const buffer at{first + u32(i) * tile::bytes};
            if constexpr (Accumulate) at.add_to(value[i], place);
            at.write(value[i], place);
        }
        ptx::fence_proxy_async();
        ptx::barrier_sync(barrier, 128);
        if (issues()) {
            DEEPGEMM_UNROLL
            for (int i = 0; i < batch; ++i) {
                ptx::tma_store<2>(d, first + u32(i) * tile::bytes, {stored_column<Heads>(column + i * buffer::columns), row});  // (64, columns)
            }
            ptx::bulk_commit();
        }
        ptx::sync_warp();
        if constexpr (slots > 1) slot = slot + 1 == u32(slots) ? 0 : slot + 1;
    }

    /// All threads of the warpgroup: waits until shared memory has been read, so that the CTA may end.
    DEEPGEMM_DEVICE static void finish() {
        if (issues()) ptx::bulk_wait_read<0>();
        ptx::sync_warp();
    }
};

}  // namespace deepgemm
