// SPDX-License-Identifier: MIT
// What the casts of scale/cast.cuh share: loading vectors of elements as floats, computing the scale for a largest magnitude,
// storing FP8 vectors. Rounding follows IEEE, so that results equal those of reference/quantize.hpp bit for bit; do not compile
// with -use_fast_math.
#pragma once

#include <deepgemm/core/math.cuh>
#include <deepgemm/core/traits.cuh>
#include <deepgemm/core/types.cuh>
#include <deepgemm/ptx/convert.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/scale/kind.cuh>

namespace deepgemm::scale {

/// An element type that casts read.
template <class T>
concept cast_input = one_of<T, bf16, float>;

namespace detail {

/// Loads `Count` consecutive elements. Only the first `valid` exist; the others become 0. `aligned` says that `from` is aligned
/// to the vector: 16 bytes, or 8 for four bfloat16.
template <int Count, cast_input X>
DEEPGEMM_DEVICE void load_elements(const X* from, i32 valid, bool aligned, float (&x)[Count]) {
    static_assert(Count == 4 || Count == 8);
    if (!aligned || valid < Count) {
        DEEPGEMM_UNROLL
        for (int i = 0; i < Count; ++i) x[i] = i < valid ? float(ptx::ld_global_nc(from + i)) : 0.0f;
    } else if constexpr (is_same_v<X, float>) {
        DEEPGEMM_UNROLL
        for (int i = 0; i < Count; i += 4) {
            const auto four = ptx::ld_global_nc(reinterpret_cast<const ptx::vec4<float>*>(from + i));
            x[i] = four.x;
            x[i + 1] = four.y;
            x[i + 2] = four.z;
            x[i + 3] = four.w;
        }
    } else {
        struct alignas(2 * Count) words {
            u32 pair[Count / 2];
        };
        const auto all = ptx::ld_global_nc(reinterpret_cast<const words*>(from));
        DEEPGEMM_UNROLL
        for (int i = 0; i < Count; i += 2) {
            const auto two = ptx::unpack_bf16(all.pair[i / 2]);
            x[i] = two.x;
            x[i + 1] = two.y;
        }
    }
}

/// Scales `Count` values, rounds them to Q and stores the first `valid`. `aligned` says that `to` is aligned to `Count` bytes.
template <fp8_element Q, int Count>
DEEPGEMM_DEVICE void store_elements(Q* to, i32 valid, bool aligned, const float (&x)[Count],
                                    const float (&reciprocal)[Count]) {
    struct alignas(Count) words {
        u32 four[Count / 4];
    } all;
    DEEPGEMM_UNROLL
    for (int i = 0; i < Count; i += 4) {
        all.four[i / 4] = u32(ptx::pack<Q>(x[i] * reciprocal[i], x[i + 1] * reciprocal[i + 1])) |
                          u32(ptx::pack<Q>(x[i + 2] * reciprocal[i + 2], x[i + 3] * reciprocal[i + 3])) << 16;
    }
    if (aligned && valid >= Count) {
        ptx::st_global(reinterpret_cast<words*>(to), all);
    } else {
        DEEPGEMM_UNROLL
        for (int i = 0; i < Count; ++i) {
            if (i < valid) ptx::st_global(to + i, Q{u8(all.four[i / 4] >> (8 * (i % 4)))});
        }
    }
}

/// The same with one factor for all values.
template <fp8_element Q, int Count>
DEEPGEMM_DEVICE void store_elements(Q* to, i32 valid, bool aligned, const float (&x)[Count], float reciprocal) {
    float all[Count];
    DEEPGEMM_UNROLL
    for (int i = 0; i < Count; ++i) all[i] = reciprocal;
    store_elements(to, valid, aligned, x, all);
}

/// The bits of 1e-4, the smallest magnitude that a scale is computed for, so that a tile of zeros has a scale.
inline constexpr u32 smallest_amax = bit_cast<u32>(1e-4f);

/// The bits of |x|. They order magnitudes as integers, with NaN above infinity.
DEEPGEMM_DEVICE u32 magnitude(float x) { return bit_cast<u32>(x) & 0x7fffffffu; }

/// The scale of a tile of Q whose largest magnitude has these bits. NaN gives NaN; infinity has a scale only as a float.
template <class Q, cast_scales Scales>
DEEPGEMM_DEVICE float scale_of(u32 amax) {
    const float exact = amax > 0x7f800000u ? bit_cast<float>(0x7fc00000u) : bit_cast<float>(amax) / Q::largest;
    if constexpr (Scales == cast_scales::fp32) {
        return exact;
    } else {
        const u32 bits = bit_cast<u32>(exact), exponent = (bits >> 23) + ((bits & 0x7fffffu) != 0);
        return bit_cast<float>(bits >= 0x7f800000u ? 0x7fc00000u : max(exponent, 1u) << 23);
    }
}

}  // namespace detail

}  // namespace deepgemm::scale
