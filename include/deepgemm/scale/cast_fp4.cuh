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

    using arguments = cast_fp4_arguments;
    static constexpr int map_count = 0;

    /// True if vectors of `Count` elements can be loaded and stored wherever a column is a multiple of Count.
    template <int Count>
    DEEPGEMM_BOTH static bool aligned(const arguments& a) {
        constexpr u64 in = min(u64(Count * sizeof(X)), u64(16)), out = Count / 2;
        return u64(a.x) % in == 0 && u64(a.x_pitch) * sizeof(X) % in == 0 && u64(a.q) % out == 0 &&
               u64(a.q_pitch) % out == 0;
    }
    DEEPGEMM_DEVICE static float scale_of_tensor(const arguments& a) {
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
struct cast_to_fp4 : detail::fp4_cast<X, Format> {
    using cast = detail::fp4_cast<X, Format>;
    using arguments = typename cast::arguments;
    using cast::gran_k, cast::word_k;
    static constexpr bool per_channel = false;
    static constexpr int threads = 256, unit_columns = 512;
    static constexpr int vector = 8, steps = unit_columns / (32 * vector), lanes_per_tile = gran_k / vector;

    static constexpr launch_info launch{.threads = u32(threads)};
    struct params {
        cast_fp4_arguments args;
        u32 units_per_row, units;
        bool aligned;  ///< vectors can be loaded and stored wherever a column is a multiple of `vector`
    };

    DEEPGEMM_BOTH static params make_params(const arguments& args) {
        const u32 per_row = u32(ceil_div(args.columns, unit_columns));
        return {args, per_row, per_row * u32(args.rows), cast::template aligned<vector>(args)};
    }
    /// CTAs on `num_sms` multiprocessors; 0 if x is empty.
    DEEPGEMM_BOTH static int grid(const arguments& args, int num_sms) {
        return int(min(ceil_div(i64(make_params(args).units), i64(threads / 32)), i64(num_sms) * 16));
    }

    /// The kernel body; called by every thread.
    DEEPGEMM_DEVICE static void run(const params& p) {
        ptx::role("cast");
        ptx::grid_dependency_wait();
        constexpr u32 warps = threads / 32;
        const float tensor_scale = cast::scale_of_tensor(p.args);
        for (u32 unit = ptx::cta_index() * warps + ptx::warp_index(); unit < p.units;
             unit += ptx::cta_count() * warps) {
            cast_unit(p, i32(unit / p.units_per_row), i32(unit % p.units_per_row) * unit_columns, tensor_scale);
        }
    }

private:
    DEEPGEMM_DEVICE static void cast_unit(const params& p, i32 row, i32 column, float tensor_scale) {
        const cast_fp4_arguments& a = p.args;
        float x[steps][vector];
        DEEPGEMM_UNROLL
        for (int s = 0; s < steps; ++s) {
            const i32 at = column + (s * 32 + i32(ptx::lane_index())) * vector;
            detail::load_elements<vector>(static_cast<const X*>(a.x) + row * a.x_pitch + at, a.columns - at, p.aligned,
                                          x[s]);
        }
        DEEPGEMM_UNROLL
        for (int s = 0; s < steps; ++s) {
            const i32 at = column + (s * 32 + i32(ptx::lane_index())) * vector;
            u32 amax = detail::smallest_amax;
            DEEPGEMM_UNROLL
            for (int i = 0; i < vector; ++i) amax = max(amax, detail::magnitude(x[s][i]));
            DEEPGEMM_UNROLL
            for (int apart = lanes_per_tile / 2; apart > 0; apart /= 2)
                amax = max(amax, ptx::shuffle_xor(amax, u32(apart)));
            const auto by = cast::scaling_of(amax, tensor_scale);
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
struct cast_to_fp4_per_channel : detail::fp4_cast<X, Format> {
    using cast = detail::fp4_cast<X, Format>;
    using arguments = typename cast::arguments;
    using cast::gran_k, cast::word_k;
    static constexpr bool per_channel = true;
    static constexpr int threads = 256, warps = threads / 32, vector = 4, tile_columns = 32 * vector;
    static constexpr int rows_per_warp = word_k / warps, warps_per_scale = gran_k / rows_per_warp;
    static_assert(warps_per_scale == 2 && warps / warps_per_scale == 4);

    // The largest magnitudes of each warp's rows, and the codes of four scales, of all columns.
    static constexpr launch_info launch{.threads = u32(threads), .smem_bytes = u32(4 * (warps + 4) * tile_columns)};
    struct params {
        cast_fp4_arguments args;
        u32 column_tiles, tiles;
        bool aligned;
    };
    using four = ptx::vec4<u32>;

    DEEPGEMM_BOTH static params make_params(const arguments& args) {
        const u32 across = u32(ceil_div(args.columns, tile_columns));
        return {args, across, across * u32(ceil_div(args.rows, word_k)), cast::template aligned<vector>(args)};
    }
    /// CTAs on `num_sms` multiprocessors; 0 if x is empty.
    DEEPGEMM_BOTH static int grid(const arguments& args, int num_sms) {
        return int(min(i64(make_params(args).tiles), i64(num_sms) * 16));
    }

    /// The kernel body; called by every thread.
    DEEPGEMM_DEVICE static void run(const params& p) {
        ptx::role("cast");
        ptx::grid_dependency_wait();
        const float tensor_scale = cast::scale_of_tensor(p.args);
        for (u32 tile = ptx::cta_index(); tile < p.tiles; tile += ptx::cta_count()) {
            cast_one(p, i32(tile / p.column_tiles), i32(tile % p.column_tiles) * tile_columns, tensor_scale);
        }
    }

private:
    /// The shared words of the calling lane's columns: largest magnitudes of warp `row`, or, after those, codes of scale `row`.
    DEEPGEMM_DEVICE static u32 shared(int row) {
        return ptx::dynamic_smem() + (u32(row) * 32 + ptx::lane_index()) * u32(sizeof(four));
    }

    DEEPGEMM_DEVICE static void cast_one(const params& p, i32 word, i32 first_column, float tensor_scale) {
        const cast_fp4_arguments& a = p.args;
        const int warp = int(ptx::warp_index()), number = warp / warps_per_scale;  // of the scale, in its word
        const i32 row = word * word_k + warp * rows_per_warp, column = first_column + i32(ptx::lane_index()) * vector;
        float x[rows_per_warp][vector];
        u32 amax[vector] = {detail::smallest_amax, detail::smallest_amax, detail::smallest_amax, detail::smallest_amax};
        DEEPGEMM_UNROLL
        for (int r = 0; r < rows_per_warp; ++r) {
            const i32 valid = row + r < a.rows ? a.columns - column : 0;
            detail::load_elements<vector>(static_cast<const X*>(a.x) + (row + r) * a.x_pitch + column, valid, p.aligned,
                                          x[r]);
        }
        DEEPGEMM_UNROLL
        for (int r = 0; r < rows_per_warp; ++r) {
            DEEPGEMM_UNROLL
            for (int c = 0; c < vector; ++c) amax[c] = max(amax[c], detail::magnitude(x[r][c]));
        }
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
            const i32 valid = row + r < a.rows ? a.columns - column : 0;
            detail::store_fp4(a.q + (row + r) * a.q_pitch + column / 2, valid, p.aligned, x[r], reciprocal);
        }
        ptx::sync_cta();
        store_words(a, word, first_column);
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
