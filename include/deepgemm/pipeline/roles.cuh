// SPDX-License-Identifier: MIT
// The roles of a warp-specialised CTA: warpgroup 0 produces (one thread of it feeds TMA), the others multiply. Registers move
// from the producer to the multipliers, since an SM's 65,536 are shared out evenly at launch.
#pragma once

#include <deepgemm/ptx/registers.cuh>
#include <deepgemm/ptx/thread.cuh>

namespace deepgemm {

/// Registers per thread of each role; they must add up to at most 65,536 per CTA, in steps of 8.
template <int MathWarpgroups>
struct register_budget {
    static_assert(MathWarpgroups >= 1 && MathWarpgroups <= 3, "a CTA has one to three math warpgroups");
    static constexpr int producer = MathWarpgroups == 1 ? 56 : MathWarpgroups == 2 ? 40 : 32;
    static constexpr int math = MathWarpgroups == 1 ? 248 : MathWarpgroups == 2 ? 232 : 160;
    static_assert(128 * (producer + MathWarpgroups * math) <= 65536);
    static constexpr int threads = 128 * (1 + MathWarpgroups);
};

/// True in the warpgroup that feeds TMA.
DEEPGEMM_DEVICE bool is_producer() { return ptx::warpgroup_index() == 0; }

/// Index of the calling math warpgroup, from 0.
DEEPGEMM_DEVICE u32 math_warpgroup() { return ptx::warpgroup_index() - 1; }

/// Index of the calling math warp, from 0.
DEEPGEMM_DEVICE u32 math_warp() { return ptx::warp_index() - 4; }

}  // namespace deepgemm
