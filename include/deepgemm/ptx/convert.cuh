// SPDX-License-Identifier: MIT
// Conversions between float and the narrow types, two values at a time, and the fast approximate functions.
// Packing rounds to nearest even; a NaN becomes the format's canonical NaN, on both sides alike.
#pragma once

#include <deepgemm/ptx/vector.cuh>

namespace deepgemm::ptx {

#if DEEPGEMM_SIMULATED
namespace detail {

/// The 16-bit code of a float in format T, as `cvt` gives it: NaN is `nan`.
template <class T>
u32 convert(float x, u32 nan) {
    return deepgemm::detail::is_nan(x) ? nan : u32(T::from_float(x).bits);
}

}  // namespace detail
#endif

/// Two bfloat16; `lo` in the lower half.
DEEPGEMM_DEVICE u32 pack_bf16(float lo, float hi) {
#if DEEPGEMM_SIMULATED
    return detail::convert<bf16>(lo, 0x7fff) | detail::convert<bf16>(hi, 0x7fff) << 16;
#else
    u32 r;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(hi), "f"(lo));
    return r;
#endif
}

/// The same with negative values, and -0, made 0. NaN stays one.
DEEPGEMM_DEVICE u32 pack_bf16_relu(float lo, float hi) {
#if DEEPGEMM_SIMULATED
    return pack_bf16(lo <= 0.0f ? 0.0f : lo, hi <= 0.0f ? 0.0f : hi);
#else
    u32 r;
    asm("cvt.rn.relu.bf16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(hi), "f"(lo));
    return r;
#endif
}

/// Two IEEE half floats; `lo` in the lower half. Overflow becomes infinity.
DEEPGEMM_DEVICE u32 pack_f16(float lo, float hi) {
#if DEEPGEMM_SIMULATED
    return detail::convert<f16>(lo, 0x7fff) | detail::convert<f16>(hi, 0x7fff) << 16;
#else
    u32 r;
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(hi), "f"(lo));
    return r;
#endif
}

/// A float rounded to TF32, to nearest even, as a word of which multiplies ignore the lower 13 bits. NaN stays one.
DEEPGEMM_DEVICE u32 round_tf32(float x) {
#if DEEPGEMM_SIMULATED
    return deepgemm::detail::is_nan(x) ? 0x7fffffffu : bit_cast<u32>(float(tf32::from_float(x)));
#else
    u32 r;
    asm("cvt.rn.tf32.f32 %0, %1;" : "=r"(r) : "f"(x));
    return r;
#endif
}

/// Two E4M3; `lo` in the lower byte. Overflow saturates to 448.
DEEPGEMM_DEVICE u16 pack_e4m3(float lo, float hi) {
#if DEEPGEMM_SIMULATED
    return u16(detail::convert<e4m3>(lo, 0x7f) | detail::convert<e4m3>(hi, 0x7f) << 8);
#else
    u16 r;
    asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(r) : "f"(hi), "f"(lo));
    return r;
#endif
}

/// Two E5M2; `lo` in the lower byte. Overflow saturates to 57344.
DEEPGEMM_DEVICE u16 pack_e5m2(float lo, float hi) {
#if DEEPGEMM_SIMULATED
    return u16(detail::convert<e5m2>(lo, 0x7f) | detail::convert<e5m2>(hi, 0x7f) << 8);
#else
    u16 r;
    asm("cvt.rn.satfinite.e5m2x2.f32 %0, %1, %2;" : "=h"(r) : "f"(hi), "f"(lo));
    return r;
#endif
}

/// The two bfloat16 of pack_bf16(), exactly.
DEEPGEMM_BOTH vec2<float> unpack_bf16(u32 v) { return {bit_cast<float>(v << 16), bit_cast<float>(v & 0xffff0000u)}; }

/// The two half floats of pack_f16(), exactly.
DEEPGEMM_DEVICE vec2<float> unpack_f16(u32 v) {
#if DEEPGEMM_SIMULATED
    return {float(f16{u16(v)}), float(f16{u16(v >> 16)})};
#else
    vec2<float> r;
    asm("{\n .reg .b16 lo, hi;\n mov.b32 {lo, hi}, %2;\n cvt.f32.f16 %0, lo;\n cvt.f32.f16 %1, hi;\n}"
        : "=f"(r.x), "=f"(r.y)
        : "r"(v));
    return r;
#endif
}

/// Two 16-bit floats of type T, rounded to nearest even, `lo` in the low half.
template <half_element T>
DEEPGEMM_DEVICE u32 pack(float lo, float hi) {
    if constexpr (same_as<T, bf16>) {
        return pack_bf16(lo, hi);
    } else {
        return pack_f16(lo, hi);
    }
}

/// Two FP8 floats of type T, rounded to nearest even and saturated, `lo` in the low byte.
template <fp8_element T>
DEEPGEMM_DEVICE u16 pack(float lo, float hi) {
    if constexpr (same_as<T, e4m3>) {
        return pack_e4m3(lo, hi);
    } else {
        return pack_e5m2(lo, hi);
    }
}

/// The two 16-bit floats of pack(), exactly.
template <half_element T>
DEEPGEMM_DEVICE vec2<float> unpack(u32 v) {
    if constexpr (same_as<T, bf16>) {
        return unpack_bf16(v);
    } else {
        return unpack_f16(v);
    }
}

/// The two E4M3 of pack_e4m3(), exactly.
DEEPGEMM_DEVICE vec2<float> unpack_e4m3(u16 v) {
#if DEEPGEMM_SIMULATED
    return {float(e4m3{u8(v)}), float(e4m3{u8(v >> 8)})};
#else
    u32 halves;
    asm("cvt.rn.f16x2.e4m3x2 %0, %1;" : "=r"(halves) : "h"(v));
    return unpack_f16(halves);
#endif
}

/// The two E5M2 of pack_e5m2(), exactly.
DEEPGEMM_DEVICE vec2<float> unpack_e5m2(u16 v) {
#if DEEPGEMM_SIMULATED
    return {float(e5m2{u8(v)}), float(e5m2{u8(v >> 8)})};
#else
    u32 halves;
    asm("cvt.rn.f16x2.e5m2x2 %0, %1;" : "=r"(halves) : "h"(v));
    return unpack_f16(halves);
#endif
}

/// 2^x: within 2 ulp on a GPU (`ex2.approx`, subnormals flushed), exact to rounding in the simulator.
DEEPGEMM_DEVICE float exp2_approx(float x) {
#if DEEPGEMM_SIMULATED
    return __builtin_exp2f(x);
#else
    float r;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(x));
    return r;
#endif
}

/// 1 / x: within 1 ulp on a GPU (`rcp.approx`, subnormals flushed), exact to rounding in the simulator.
DEEPGEMM_DEVICE float rcp_approx(float x) {
#if DEEPGEMM_SIMULATED
    return 1.0f / x;
#else
    float r;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(x));
    return r;
#endif
}

}  // namespace deepgemm::ptx
