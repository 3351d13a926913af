// SPDX-License-Identifier: MIT
// Kernels that cast BF16 or FP32 matrices to FP8 with scales per token, per channel or per block. They write the scales
// straight into the layout that a GEMM reads: any strides, floats or packed UE8M0. reference/quantize.hpp is their reference,
// bit for bit. Memory bounds their speed, so each element is read once and kept in registers until its scale is known. They run
// on sm_89 and later.
#pragma once

#include <deepgemm/kernel/launch_info.cuh>
#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/ptx/grid_dependency.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/warp.cuh>
#include <deepgemm/scale/cast_element.cuh>
#include <deepgemm/scale/cast_walk.cuh>

namespace deepgemm::scale {

/// A matrix x (rows, columns), row-major, to cast to q of the same shape; pitches in elements.
struct cast_arguments {
    const void* x = nullptr;
    i64 x_pitch = 0;
    void* q = nullptr;
    i64 q_pitch = 0;
    i32 rows = 0, columns = 0;
    /// Word (i, j) is at scales + i * scale_stride_i + j * scale_stride_j, strides in words. i counts rows or blocks of rows, j
    /// counts columns or blocks of columns. If packed, the index along K counts words of four blocks.
    void* scales = nullptr;
    i64 scale_stride_i = 0, scale_stride_j = 1;
    /// Per block only: writes the scale of a block once for each of its rows, as Blackwell's kernels read it; i then counts
    /// rows.
    bool repeat_rows = false;
};

/// Casts x (m, k) to Q with one scale for each row and `GranK` columns: activations. A warp takes 512 columns of a row.
/// The scale of (row, K block b) is word (row, b), or byte b % 4 of word (row, b / 4).
template <fp8_element Q, cast_input X, int GranK, cast_scales Scales>
struct cast_per_token : detail::cast_of_rows<cast_arguments, X, 8> {
    static_assert(GranK == 32 || GranK == 128, "cast_per_token: a scale must cover 32 or 128 elements of K");
    using walk = detail::cast_of_rows<cast_arguments, X, 8>;
    using params = typename walk::params;
    using walk::vector, walk::steps;
    static constexpr int lanes_per_tile = GranK / vector;

    /// The kernel body; called by every thread.
    DEEPGEMM_DEVICE static void run(const params& p) {
        ptx::role("cast");
        ptx::grid_dependency_wait();
        walk::for_each_unit(p, [&](i32 row, i32 column) { cast_unit(p, row, column); });
    }

private:
    using walk::column_of;

    DEEPGEMM_DEVICE static void cast_unit(const params& p, i32 row, i32 column) {
        const cast_arguments& a = p.args;
        float x[steps][vector], scale[steps];
        walk::load(p, row, column, x);
        DEEPGEMM_UNROLL
        for (int s = 0; s < steps; ++s) {
            scale[s] = detail::scale_of<Q, Scales>(walk::template largest<GranK>(x[s]));
            const i32 at = column_of(column, s);
            detail::store_elements(static_cast<Q*>(a.q) + row * a.q_pitch + at, a.columns - at, p.aligned, x[s],
                                   1.0f / scale[s]);
        }
        if constexpr (Scales == cast_scales::packed) {
            store_packed(a, row, column, scale);
        } else {
            DEEPGEMM_UNROLL
            for (int s = 0; s < steps; ++s) {
                const i32 at = column_of(column, s);
                if (at % GranK == 0 && at < a.columns) store_word(a, row, at / GranK, bit_cast<u32>(scale[s]));
            }
        }
    }

    /// Gathers the exponents of four K blocks into words. The lanes of a step hold them; for blocks of 128 elements, those of
    /// two steps.
    DEEPGEMM_DEVICE static void store_packed(const cast_arguments& a, i32 row, i32 column,
                                             const float (&scale)[steps]) {
        u32 word[steps];
        DEEPGEMM_UNROLL
        for (int s = 0; s < steps; ++s) {
            const i32 block = column_of(column, s) / GranK;
            word[s] = block * GranK < a.columns ? bit_cast<u32>(scale[s]) >> 23 << (8 * (block % 4)) : 0;
        }
        constexpr int words = GranK == 128 ? 1 : steps;  // 128: one word for the unit; 32: one for 16 lanes of a step
        if constexpr (words == 1) word[0] |= word[1];
        DEEPGEMM_UNROLL
        for (int s = 0; s < words; ++s) {
            DEEPGEMM_UNROLL
            for (int apart = lanes_per_tile; apart < 4 * lanes_per_tile && apart < 32; apart *= 2) {
                word[s] |= ptx::shuffle_xor(word[s], u32(apart));
            }
            const i32 at = column_of(column, s);
            if (at % (4 * GranK) == 0 && at < a.columns) store_word(a, row, at / (4 * GranK), word[s]);
        }
    }

    DEEPGEMM_DEVICE static void store_word(const cast_arguments& a, i32 row, i32 word, u32 value) {
        ptx::st_global(static_cast<u32*>(a.scales) + row * a.scale_stride_i + word * a.scale_stride_j, value);
    }
};

/// Which tile one scale covers, and which of the matrix's axes is K.
enum class cast_tile : u8 {
    channel,  ///< GranK rows, one column; K runs down the rows
    block,    ///< GranK rows and as many columns; K runs along the columns
};

/// Casts x to Q with one scale per column of `GranK` rows, or per block of 128 x 128. A CTA takes GranK rows and 128 columns:
/// each warp some of the rows, each lane four columns. The scale of (row block i, column or column block j) is word (i, j). If
/// packed, it is a byte of word (i / 4, j) for channels and of word (i, j / 4) for blocks.
template <cast_tile Tile, fp8_element Q, cast_input X, int GranK, cast_scales Scales>
struct cast_per_tile : detail::cast_of_tiles<cast_arguments, X, 8, GranK> {
    static_assert(GranK == 128 || (GranK == 32 && Tile == cast_tile::channel),
                  "cast_per_tile: a scale must cover 128 elements of K, or, per channel, 32");
    using walk = detail::cast_of_tiles<cast_arguments, X, 8, GranK>;
    using params = typename walk::params;
    using walk::warps, walk::vector, walk::tile_columns, walk::rows_per_warp;
    static constexpr bool is_block = Tile == cast_tile::block;

    static constexpr launch_info launch{.threads = u32(walk::threads), .smem_bytes = u32(4 * warps * tile_columns)};

    /// The kernel body; called by every thread.
    DEEPGEMM_DEVICE static void run(const params& p) {
        ptx::role("cast");
        ptx::grid_dependency_wait();
        walk::for_each_tile(p, [&](i32 i, i32 j) { cast_one(p, i, j); });
    }

private:
    using four = typename walk::four;

    DEEPGEMM_DEVICE static void cast_one(const params& p, i32 i, i32 j) {
        const cast_arguments& a = p.args;
        const i32 row = walk::row_of(i, int(ptx::warp_index())), column = walk::column_of(j);
        float x[rows_per_warp][vector];
        u32 amax[vector];
        walk::load(p, row, column, x, amax);
        share(amax);
        float scale[vector], reciprocal[vector];
        DEEPGEMM_UNROLL
        for (int c = 0; c < vector; ++c) {
            scale[c] = detail::scale_of<Q, Scales>(amax[is_block ? 0 : c]);
            reciprocal[c] = 1.0f / scale[c];
        }
        DEEPGEMM_UNROLL
        for (int r = 0; r < rows_per_warp; ++r) {
            const i32 valid = walk::columns_from(a, row + r, column);
            detail::store_elements(static_cast<Q*>(a.q) + (row + r) * a.q_pitch + column, valid, p.aligned, x[r],
                                   reciprocal);
        }
        store_scales(a, i, j, scale);
    }

    /// Largest magnitudes over all warps: per column, or of the whole tile in amax[0]. The CTA meets before and after the
    /// exchange, so that the next tile may begin at once.
    DEEPGEMM_DEVICE static void share(u32 (&amax)[vector]) {
        const u32 column = ptx::dynamic_smem() + ptx::lane_index() * u32(sizeof(four));
        ptx::sync_cta();
        ptx::st_shared(column + ptx::warp_index() * 32 * u32(sizeof(four)), four{amax[0], amax[1], amax[2], amax[3]});
        ptx::sync_cta();
        DEEPGEMM_UNROLL
        for (int warp = 0; warp < warps; ++warp) {
            const four other = ptx::ld_shared<four>(column + u32(warp) * 32 * u32(sizeof(four)));
            amax[0] = max(amax[0], other.x);
            amax[1] = max(amax[1], other.y);
            amax[2] = max(amax[2], other.z);
            amax[3] = max(amax[3], other.w);
        }
        if constexpr (is_block) amax[0] = ptx::reduce_max(max(max(amax[0], amax[1]), max(amax[2], amax[3])));
    }

    DEEPGEMM_DEVICE static void store_scales(const cast_arguments& a, i32 i, i32 j, const float (&scale)[vector]) {
        if constexpr (is_block) {
            const i32 copies = a.repeat_rows ? min(GranK, a.rows - i * GranK) : 1,
                      first = a.repeat_rows ? i * GranK : i;
            const i32 blocks = ceil_div(a.columns, tile_columns), copy = i32(ptx::thread_index());
            if (copy < copies) store_scale(a, first + copy, j, j, blocks, a.scale_stride_j, scale[0]);
        } else if (ptx::warp_index() == 0) {
            DEEPGEMM_UNROLL
            for (int c = 0; c < vector; ++c) {
                const i32 column = walk::column_of(j) + c;
                if (column < a.columns)
                    store_scale(a, i, column, i, ceil_div(a.rows, GranK), a.scale_stride_i, scale[c]);
            }
        }
    }

    /// Stores scale (i, j), which is number `block` of `blocks` along K. A packed scale is one byte of a word that several CTAs
    /// write; the CTA of the last block also clears the bytes after its own.
    DEEPGEMM_DEVICE static void store_scale(const cast_arguments& a, i32 i, i32 j, i32 block, i32 blocks, i64 stride_k,
                                            float scale) {
        const i64 word = i * a.scale_stride_i + j * a.scale_stride_j;
        if constexpr (Scales == cast_scales::packed) {
            u8* const bytes =
                reinterpret_cast<u8*>(static_cast<u32*>(a.scales) + word - (block - block / 4) * stride_k);
            ptx::st_global(bytes + block % 4, u8(bit_cast<u32>(scale) >> 23));
            for (i32 after = block + 1; after % 4 != 0 && block + 1 == blocks; ++after)
                ptx::st_global(bytes + after % 4, u8(0));
        } else {
            ptx::st_global(static_cast<float*>(a.scales) + word, scale);
        }
    }
};

/// Casts x (k, mn) with one scale for each `GranK` rows and one column.
template <fp8_element Q, cast_input X, int GranK, cast_scales Scales>
using cast_per_channel = cast_per_tile<cast_tile::channel, Q, X, GranK, Scales>;

/// Casts x (n, k) with one scale for each block of 128 x 128: weights.
template <fp8_element Q, cast_input X, cast_scales Scales>
using cast_per_block = cast_per_tile<cast_tile::block, Q, X, 128, Scales>;

}  // namespace deepgemm::scale
