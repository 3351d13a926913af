// SPDX-License-Identifier: MIT
// Choices between floats without a branch. Of several conditional expressions in a row nvcc may make a divergent branch, after
// which a loop keeps nothing in uniform registers.
#pragma once

#include <deepgemm/core/types.cuh>

namespace deepgemm::ptx {

/// `yes` if `condition`, else `no`; one instruction. Any thread.
DEEPGEMM_DEVICE float select(bool condition, float yes, float no) {
#if DEEPGEMM_SIMULATED
    return condition ? yes : no;
#else
    float r;
    asm("{\n .reg .pred p;\n setp.ne.b32 p, %3, 0;\n selp.f32 %0, %1, %2, p;\n}"
        : "=f"(r)
        : "f"(yes), "f"(no), "r"(u32(condition)));
    return r;
#endif
}

/// max(x, 0); NaN if x is NaN. Hopper does it at half the rate of an addition. Any thread.
DEEPGEMM_DEVICE float relu(float x) {
#if DEEPGEMM_SIMULATED
    return x < 0 ? 0.0f : x;
#else
    float r;
    asm("max.NaN.f32 %0, %1, 0f00000000;" : "=f"(r) : "f"(x));
    return r;
#endif
}

/// x + |x|, which is 2 max(x, 0) exactly if that is finite; NaN if x is NaN. One addition. Any thread.
DEEPGEMM_DEVICE float twice_relu(float x) {
#if DEEPGEMM_SIMULATED
    return x + __builtin_fabsf(x);
#else
    return x + fabsf(x);
#endif
}

}  // namespace deepgemm::ptx
