// SPDX-License-Identifier: MIT
// Multiplies of one warp with all operands in registers (sm_80 and later). PTX ISA: "Warp-level matrix instructions: mma". For
// products of a few rows: a multiply of a warpgroup has 64 rows and takes as long for 16.
#pragma once

#include <deepgemm/core/types.cuh>
#if DEEPGEMM_SIMULATED
#include <deepgemm/sim/warp_mma.hpp>
#endif

namespace deepgemm::ptx {

/// d(16, 8) += a(16, 8) b(8, 8) in TF32, with sums in FP32. Called by a whole warp, converged. With g = lane / 4 and t = lane %
/// 4, a lane holds a(g, t), a(g + 8, t), a(g, t + 4), a(g + 8, t + 4); b(t, g), b(t + 4, g), where b's second index is a column
/// of d; and d(g, 2t), d(g, 2t + 1), d(g + 8, 2t), d(g + 8, 2t + 1). Of each word of a and b, floats, the lower 13 bits are
/// ignored.
DEEPGEMM_DEVICE void mma_tf32(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) {
#if DEEPGEMM_SIMULATED
    sim::mma_tf32(d, a, b);
#else
    asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, "
        "%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}

}  // namespace deepgemm::ptx
