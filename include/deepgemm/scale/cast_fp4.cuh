// SPDX-License-Identifier: MIT
// Kernels that cast BF16 or FP32 matrices to packed FP4, with UE8M0 scales of 32 elements (MX) or UE4M3 scales of 16 (NV).
// They write the scales straight into the layout that a GEMM reads. reference/quantize_fp4.hpp is their reference, bit for bit.
// Elements are rounded in integers, since the hardware's conversion breaks ties otherwise, so they run on sm_89 and later.
#pragma once

#include <deepgemm/core/small_types.cuh>
#include <deepgemm/kernel/launch_info.cuh>
#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/ptx/grid_dependency.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/warp.cuh>
#include <deepgemm/scale/cast_element.cuh>
#include <deepgemm/scale/cast_walk.cuh>
#include <deepgemm/scale/ue4m3.cuh>
#include <deepgemm/scale/ue8m0.cuh>

namespace deepgemm::scale {

/// A matrix x (rows, columns), row-major, to cast to packed FP4 q (rows, columns / 2 bytes); columns must be even. K runs along
/// the columns, or for casts per channel down the rows.
struct cast_fp4_arguments {
    const void* x = nullptr;
    i64 x_pitch = 0;  ///< elements from one row to the next
    u8* q = nullptr;
    i64 q_pitch = 0;  ///< bytes from one row to the next
    i32 rows = 0, columns = 0;
    /// Word (mn, kw) of four scales along K is at scales + mn * scale_stride_mn + kw * scale_stride_k, strides in words; mn is
    /// the row, or per channel the column. Bytes of tiles that K does not reach are 0.
    u32* scales = nullptr;
    i64 scale_stride_mn = 1, scale_stride_k = 0;
    /// NV format only; device memory: a positive, finite scale that all elements share, a factor beside the others. Null: 1.
    const float* tensor_scale = nullptr;
};

namespace detail {

/// The E2M1 code of x, to nearest; a midpoint takes the smaller magnitude, NaN becomes 0, and there is no negative zero.
/// Host and device.
DEEPGEMM_BOTH constexpr u32 fp4_code(float x) {
    const float size = x < 0 ? -x : x;
    // From 1 on, codes count halves of a power of two, as the upper bits of a float do; below, there are two midpoints.
    const u32 upper = (bit_cast<u32>(size) + 0x1fffffu) >> 22;
    const u32 code = size >= 1 ? min(upper - 252, 7u) : u32(size > 0.25f) + u32(size > 0.75f);
    return x < 0 && code != 0 ? code | 8 : code;
}

/// Rounds `Count` elements, each times its reciprocal, and stores the first `valid`, two to a byte. `aligned` says that `to` is
/// aligned to Count / 2 bytes.
template <int Count>
DEEPGEMM_DEVICE void store_fp4(u8* to, i32 valid, bool aligned, const float (&x)[Count],
                               const float (&reciprocal)[Count]) {
    using word = conditional_t<Count == 8, u32, u16>;
    static_assert(Count == 2 * sizeof(word));
    u32 codes = 0;
    DEEPGEMM_UNROLL
    for (int i = 0; i < Count; ++i) codes |= fp4_code(x[i] * reciprocal[i]) << (4 * i);
    if (aligned && valid >= Count) {
        ptx::st_global(reinterpret_cast<word*>(to), word(codes));
    } else {
        DEEPGEMM_UNROLL
        for (int i = 0; i < Count; i += 2) {
            if (i < valid) ptx::st_global(to + i / 2, u8(codes >> (4 * i)));
        }
    }
}

/// What casts to FP4 with scales of `Format` share.
template <cast_input X, scale_format Format>
struct fp4_cast {
    static constexpr bool nv = Format::kind == scale_kind::ue4m3;
    static_assert(nv || Format::kind == scale_kind::ue8m0, "casts to FP4: scales are scale::ue8m0 or scale::ue4m3");
    static constexpr dtype x_type = dtype_of<X>;
    static constexpr int gran_k = nv ? 16 : 32, word_k = 4 * gran_k;  ///< elements under a scale, under a word of them

    DEEPGEMM_DEVICE static float scale_of_tensor(const cast_fp4_arguments& a) {
        return nv && a.tensor_scale != nullptr ? ptx::ld_global_nc(a.tensor_scale) : 1.0f;
    }

    /// A scale: its code, and what elements are multiplied by.
    struct scaling {
        u32 code;
        float reciprocal;
    };
    /// The scale of a tile whose largest magnitude has these bits. NaN and infinity give NaN.
    DEEPGEMM_DEVICE static scaling scaling_of(u32 amax, float tensor_scale) {
        if constexpr (nv) {
            // The conversion rounds to nearest even and saturates.
            const float wanted = bit_cast<float>(amax) / e2m1x2::largest / tensor_scale;
            const u32 code = amax >= 0x7f800000u ? 127 : max(ptx::pack_e4m3(wanted, 0.0f) & 127u, 1u);
            return {code, 1.0f / (Format::decode(code, 0) * tensor_scale)};
        } else {
            const float scale = scale_of<e2m1x2, cast_scales::packed>(amax);
            return {bit_cast<u32>(scale) >> 23 & 255, 1.0f / scale};
        }
    }
};

}  // namespace detail

/// Casts x (m, k) to FP4 with a scale for each row and 32 columns (Format ue8m0) or 16 columns (ue4m3). A warp takes 512
/// columns of a row.
template <cast_input X, scale_format Format>
struct cast_to_fp4 : detail::fp4_cast<X, Format>, detail::cast_of_rows<cast_fp4_arguments, X, 4> {
    using cast = detail::fp4_cast<X, Format>;
    using walk = detail::cast_of_rows<cast_fp4_arguments, X, 4>;
    using params = typename walk::params;
    using cast::gran_k, cast::word_k, walk::vector, walk::steps;
    static constexpr bool per_channel = false;
    static constexpr int lanes_per_tile = gran_k / vector;

    /// The kernel body; called by every thread.
    DEEPGEMM_DEVICE static void run(const params& p) {
        ptx::role("cast");
        ptx::grid_dependency_wait();
        const float tensor_scale = cast::scale_of_tensor(p.args);
        walk::for_each_unit(p, [&](i32 row, i32 column) { cast_unit(p, row, column, tensor_scale); });
    }

private:
    DEEPGEMM_DEVICE static void cast_unit(const params& p, i32 row, i32 column, float tensor_scale) {
        const cast_fp4_arguments& a = p.args;
        float x[steps][vector];
        walk::load(p, row, column, x);
        DEEPGEMM_UNROLL
        for (int s = 0; s < steps; ++s) {
            const i32 at = walk::column_of(column, s);
            const auto by = cast::scaling_of(walk::template largest<gran_k>(x[s]), tensor_scale);
            float reciprocal[vector];
            DEEPGEMM_UNROLL
            for (int i = 0; i < vector; ++i) reciprocal[i] = by.reciprocal;
            detail::store_fp4(a.q + row * a.q_pitch + at / 2, a.columns - at, p.aligned, x[s], reciprocal);

            // Lanes of four tiles make a word of their scales.
            u32 word = at < a.columns ? by.code << (8 * (at / gran_k % 4)) : 0;
            DEEPGEMM_UNROLL
            for (int apart = lanes_per_tile; apart < 4 * lanes_per_tile; apart *= 2)
                word |= ptx::shuffle_xor(word, u32(apart));
            if (at % word_k == 0 && at < a.columns)
                ptx::st_global(a.scales + row * a.scale_stride_mn + at / word_k * a.scale_stride_k, word);
        }
    }
};

/// Casts x (k, mn) to FP4 with a scale for 32 rows (Format ue8m0) or 16 rows (ue4m3) and each column: operands that are
/// contiguous along M or N. A CTA takes the rows of a word of scales and 128 columns: two warps the rows of a scale, each
/// lane four columns.
template <cast_input X, scale_format Format>
struct cast_to_fp4_per_channel : detail::fp4_cast<X, Format>,
                                 detail::cast_of_tiles<cast_fp4_arguments, X, 4, detail::fp4_cast<X, Format>::word_k> {
    using cast = detail::fp4_cast<X, Format>;
    using cast::gran_k, cast::word_k;
    using walk = detail::cast_of_tiles<cast_fp4_arguments, X, 4, word_k>;
    using params = typename walk::params;
    using walk::warps, walk::vector, walk::tile_columns, walk::rows_per_warp;
    static constexpr bool per_channel = true;
    static constexpr int warps_per_scale = gran_k / rows_per_warp;
    static_assert(warps_per_scale == 2 && warps / warps_per_scale == 4);

    // The largest magnitudes of each warp's rows, and the codes of four scales, of all columns.
    static constexpr launch_info launch{.threads = u32(walk::threads),
                                        .smem_bytes = u32(4 * (warps + 4) * tile_columns)};

    /// The kernel body; called by every thread.
    DEEPGEMM_DEVICE static void run(const params& p) {
        ptx::role("cast");
        ptx::grid_dependency_wait();
        const float tensor_scale = cast::scale_of_tensor(p.args);
        walk::for_each_tile(p, [&](i32 word, i32 j) { cast_one(p, word, j, tensor_scale); });
    }

private:
    using four = typename walk::four;

    /// The shared words of the calling lane's columns: largest magnitudes of warp `row`, or, after those, codes of scale `row`.
    DEEPGEMM_DEVICE static u32 shared(int row) {
        return ptx::dynamic_smem() + (u32(row) * 32 + ptx::lane_index()) * u32(sizeof(four));
    }

    DEEPGEMM_DEVICE static void cast_one(const params& p, i32 word, i32 j, float tensor_scale) {
        const cast_fp4_arguments& a = p.args;
        const int warp = int(ptx::warp_index()), number = warp / warps_per_scale;  // of the scale, in its word
        const i32 row = walk::row_of(word, warp), column = walk::column_of(j);
        float x[rows_per_warp][vector];
        u32 amax[vector];
        walk::load(p, row, column, x, amax);
        ptx::st_shared(shared(warp), four{amax[0], amax[1], amax[2], amax[3]});
        ptx::sync_cta();
        const auto other = ptx::ld_shared<four>(shared(warp ^ 1));
        const u32 others[vector] = {other.x, other.y, other.z, other.w};
        u32 code[vector];
        float reciprocal[vector];
        const bool exists = word * word_k + number * gran_k < a.rows;
        DEEPGEMM_UNROLL
        for (int c = 0; c < vector; ++c) {
            const auto by = cast::scaling_of(max(amax[c], others[c]), tensor_scale);
            code[c] = exists ? by.code << (8 * number) : 0;
            reciprocal[c] = by.reciprocal;
        }
        if (warp % warps_per_scale == 0)
            ptx::st_shared(shared(warps + number), four{code[0], code[1], code[2], code[3]});
        DEEPGEMM_UNROLL
        for (int r = 0; r < rows_per_warp; ++r) {
            const i32 valid = walk::columns_from(a, row + r, column);
            detail::store_fp4(a.q + (row + r) * a.q_pitch + column / 2, valid, p.aligned, x[r], reciprocal);
        }
        ptx::sync_cta();
        store_words(a, word, j * tile_columns);
    }

    /// Called by the CTA: a thread for each column stores its word. The next tile writes codes only after another meeting.
    DEEPGEMM_DEVICE static void store_words(const cast_fp4_arguments& a, i32 word, i32 first_column) {
        const int mine = int(ptx::thread_index());
        const i32 column = first_column + mine;
        if (mine >= tile_columns || column >= a.columns) return;
        u32 value = 0;
        DEEPGEMM_UNROLL
        for (int i = 0; i < 4; ++i)
            value |= ptx::ld_shared<u32>(ptx::dynamic_smem() + u32((warps + i) * tile_columns + mine) * 4);
        ptx::st_global(a.scales + column * a.scale_stride_mn + word * a.scale_stride_k, value);
    }
};

}  // namespace deepgemm::scale
