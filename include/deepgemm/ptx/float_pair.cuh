// SPDX-License-Identifier: MIT
// Arithmetic that Blackwell (sm_100 and later) does in one instruction and others in several: on two floats at a time, and of a
// float with a bfloat16. Rounded to nearest even, element by element as the single operations; the results are the same
// everywhere.
#pragma once

#include <deepgemm/ptx/vector.cuh>

namespace deepgemm::ptx {

#if !DEEPGEMM_SIMULATED && defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 1000
#define DEEPGEMM_FLOAT_PAIRS 1
#else
#define DEEPGEMM_FLOAT_PAIRS 0
#endif

namespace detail {

// One float at a time. On a GPU the instructions say how they round, so that the compiler does not make one of two of them.
DEEPGEMM_DEVICE float fma_once(float a, float b, float c) {
#if DEEPGEMM_SIMULATED
    return __builtin_fmaf(a, b, c);
#else
    float d;
    asm("fma.rn.f32 %0, %1, %2, %3;" : "=f"(d) : "f"(a), "f"(b), "f"(c));
    return d;
#endif
}
DEEPGEMM_DEVICE float add_once(float a, float b) {
#if DEEPGEMM_SIMULATED
    return a + b;
#else
    float d;
    asm("add.rn.f32 %0, %1, %2;" : "=f"(d) : "f"(a), "f"(b));
    return d;
#endif
}
DEEPGEMM_DEVICE float mul_once(float a, float b) {
#if DEEPGEMM_SIMULATED
    return a * b;
#else
    float d;
    asm("mul.rn.f32 %0, %1, %2;" : "=f"(d) : "f"(a), "f"(b));
    return d;
#endif
}

}  // namespace detail

/// a * b + c, each with one rounding.
DEEPGEMM_DEVICE vec2<float> fma2(vec2<float> a, vec2<float> b, vec2<float> c) {
#if DEEPGEMM_FLOAT_PAIRS
    u64 d;
    asm("fma.rn.f32x2 %0, %1, %2, %3;" : "=l"(d) : "l"(bit_cast<u64>(a)), "l"(bit_cast<u64>(b)), "l"(bit_cast<u64>(c)));
    return bit_cast<vec2<float>>(d);
#else
    return {detail::fma_once(a.x, b.x, c.x), detail::fma_once(a.y, b.y, c.y)};
#endif
}

/// a + b.
DEEPGEMM_DEVICE vec2<float> add2(vec2<float> a, vec2<float> b) {
#if DEEPGEMM_FLOAT_PAIRS
    u64 d;
    asm("add.rn.f32x2 %0, %1, %2;" : "=l"(d) : "l"(bit_cast<u64>(a)), "l"(bit_cast<u64>(b)));
    return bit_cast<vec2<float>>(d);
#else
    return {detail::add_once(a.x, b.x), detail::add_once(a.y, b.y)};
#endif
}

/// a * b.
DEEPGEMM_DEVICE vec2<float> mul2(vec2<float> a, vec2<float> b) {
#if DEEPGEMM_FLOAT_PAIRS
    u64 d;
    asm("mul.rn.f32x2 %0, %1, %2;" : "=l"(d) : "l"(bit_cast<u64>(a)), "l"(bit_cast<u64>(b)));
    return bit_cast<vec2<float>>(d);
#else
    return {detail::mul_once(a.x, b.x), detail::mul_once(a.y, b.y)};
#endif
}

/// A float and a bfloat16, added with one rounding.
DEEPGEMM_DEVICE float add_bf16(float a, bf16 b) {
#if DEEPGEMM_FLOAT_PAIRS
    float d;
    asm("add.rn.f32.bf16 %0, %1, %2;" : "=f"(d) : "h"(b.bits), "f"(a));
    return d;
#else
    return detail::add_once(a, float(b));
#endif
}

#undef DEEPGEMM_FLOAT_PAIRS

}  // namespace deepgemm::ptx
