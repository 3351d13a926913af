// SPDX-License-Identifier: MIT
// The kernel that casts BF16 or FP32 matrices to packed FP4, with UE8M0 scales of 32 elements (MX) or UE4M3 scales of 16 (NV).
// It writes the scales straight into the layout that a GEMM reads. reference/quantize_fp4.hpp is its reference, bit for bit.
// Elements are rounded in integers, since the hardware's conversion breaks ties otherwise, so it runs on sm_89 and later.
#pragma once

#include <deepgemm/core/small_types.cuh>
#include <deepgemm/kernel/launch_info.cuh>
#include <deepgemm/ptx/grid_dependency.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/warp.cuh>
#include <deepgemm/scale/cast_element.cuh>
#include <deepgemm/scale/ue4m3.cuh>
#include <deepgemm/scale/ue8m0.cuh>

namespace deepgemm::scale {

/// A matrix x (rows, columns), row-major, to cast to packed FP4 q (rows, columns / 2 bytes); columns must be even.
struct cast_fp4_arguments {
    const void* x = nullptr;
    i64 x_pitch = 0;  ///< elements from one row to the next
    u8* q = nullptr;
    i64 q_pitch = 0;  ///< bytes from one row to the next
    i32 rows = 0, columns = 0;
    /// Word (row, kw) of four scales along K is at scales + row * scale_stride_mn + kw * scale_stride_k, strides in words.
    /// Bytes of tiles that a row does not have are 0.
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

}  // namespace detail

/// Casts x (m, k) to FP4 with a scale for each row and 32 columns (Format ue8m0) or 16 columns (ue4m3). A warp takes 512
/// columns of a row.
template <cast_input X, scale_format Format>
struct cast_to_fp4 {
    static constexpr bool nv = Format::kind == scale_kind::ue4m3;
    static_assert(nv || Format::kind == scale_kind::ue8m0, "cast_to_fp4: scales are scale::ue8m0 or scale::ue4m3");
    static constexpr dtype x_type = dtype_of<X>;
    static constexpr int gran_k = nv ? 16 : 32, word_columns = 4 * gran_k;
    static constexpr int threads = 256, unit_columns = 512;
    static constexpr int vector = 8, steps = unit_columns / (32 * vector), lanes_per_tile = gran_k / vector;

    static constexpr launch_info launch{.threads = u32(threads)};
    static constexpr int map_count = 0;
    using arguments = cast_fp4_arguments;
    struct params {
        cast_fp4_arguments args;
        u32 units_per_row, units;
        bool aligned;  ///< vectors can be loaded and stored wherever a column is a multiple of `vector`
    };

    DEEPGEMM_BOTH static params make_params(const arguments& args) {
        const u32 per_row = u32(ceil_div(args.columns, unit_columns));
        const bool aligned = u64(args.x) % 16 == 0 && u64(args.x_pitch) * sizeof(X) % 16 == 0 && u64(args.q) % 4 == 0 &&
                             args.q_pitch % 4 == 0;
        return {args, per_row, per_row * u32(args.rows), aligned};
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
        const float tensor_scale = nv && p.args.tensor_scale != nullptr ? ptx::ld_global_nc(p.args.tensor_scale) : 1.0f;
        for (u32 unit = ptx::cta_index() * warps + ptx::warp_index(); unit < p.units;
             unit += ptx::cta_count() * warps) {
            cast_unit(p, i32(unit / p.units_per_row), i32(unit % p.units_per_row) * unit_columns, tensor_scale);
        }
    }

private:
    /// A scale: its code, and what elements are multiplied by.
    struct scaling {
        u32 code;
        float reciprocal;
    };

    /// The scale of a tile whose largest magnitude has these bits. NaN and infinity give NaN.
    DEEPGEMM_DEVICE static scaling scaling_of(u32 amax, float tensor_scale) {
        if constexpr (nv) {
            const float wanted = bit_cast<float>(amax) / e2m1x2::largest / tensor_scale;
            const u32 code = amax >= 0x7f800000u ? 127 : max(u32(e4m3_code(wanted)), 1u);
            return {code, 1.0f / (Format::decode(code, 0) * tensor_scale)};
        } else {
            const float scale = detail::scale_of<e2m1x2, cast_scales::packed>(amax);
            return {bit_cast<u32>(scale) >> 23 & 255, 1.0f / scale};
        }
    }
    /// E4M3 of a number that is not negative: rounded to nearest even and saturated.
    DEEPGEMM_DEVICE static u32 e4m3_code(float x) { return ptx::pack_e4m3(x, 0.0f) & 127u; }

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
            const scaling by = scaling_of(amax, tensor_scale);
            store_codes(a.q + row * a.q_pitch + at / 2, a.columns - at, p.aligned, x[s], by.reciprocal);

            // Lanes of four tiles make a word of their scales.
            u32 word = at < a.columns ? by.code << (8 * (at / gran_k % 4)) : 0;
            DEEPGEMM_UNROLL
            for (int apart = lanes_per_tile; apart < 4 * lanes_per_tile; apart *= 2)
                word |= ptx::shuffle_xor(word, u32(apart));
            if (at % word_columns == 0 && at < a.columns)
                ptx::st_global(a.scales + row * a.scale_stride_mn + at / word_columns * a.scale_stride_k, word);
        }
    }

    /// Rounds eight elements and stores the first `valid`, two to a byte.
    DEEPGEMM_DEVICE static void store_codes(u8* to, i32 valid, bool aligned, const float (&x)[vector],
                                            float reciprocal) {
        u32 codes = 0;
        DEEPGEMM_UNROLL
        for (int i = 0; i < vector; ++i) codes |= detail::fp4_code(x[i] * reciprocal) << (4 * i);
        if (aligned && valid >= vector) {
            ptx::st_global(reinterpret_cast<u32*>(to), codes);
        } else {
            DEEPGEMM_UNROLL
            for (int i = 0; i < vector; i += 2) {
                if (i < valid) ptx::st_global(to + i / 2, u8(codes >> (4 * i)));
            }
        }
    }
};

}  // namespace deepgemm::scale
