// SPDX-License-Identifier: MIT
// The roles of a warp-specialised CTA: warpgroup 0 produces (a thread each feeds TMA for A and for B), the others multiply.
// Registers move from the producer to the multipliers, since an SM's 65,536 are shared out evenly at launch.
#pragma once

#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/ptx/registers.cuh>
#include <deepgemm/ptx/thread.cuh>

namespace deepgemm {

/// Registers per thread of each role: the producer gives up what it does not need. They must add up to at most 65,536 per
/// CTA, in steps of 8. With one math warpgroup the even share is all that a thread can use, and none move.
template <int MathWarpgroups>
struct register_budget {
    static_assert(MathWarpgroups >= 1 && MathWarpgroups <= 3, "a CTA has one to three math warpgroups");
    static constexpr int threads = 128 * (1 + MathWarpgroups);
    static constexpr int producer = MathWarpgroups == 2 ? 40 : 32;
    static constexpr int math = MathWarpgroups == 2 ? 232 : 160;
    static_assert(MathWarpgroups == 1 || 128 * (producer + MathWarpgroups * math) <= 65536);

    /// Called by all warps of the producer's warpgroup.
    DEEPGEMM_DEVICE static void give() {
        if constexpr (MathWarpgroups > 1) ptx::decrease_registers<producer>();
    }
    /// Called by all warps of a math warpgroup; waits until the producer has given.
    DEEPGEMM_DEVICE static void take() {
        if constexpr (MathWarpgroups > 1) ptx::increase_registers<math>();
    }
};

/// How the other warps learn that the first producer has made the CTA's barriers. It does not wait for them: its first copies
/// are on their way meanwhile.
template <int MathWarpgroups>
struct start_signal {
    /// The first producer's warp, after it has initialised the barriers.
    DEEPGEMM_DEVICE static void announce() {
        ptx::barrier_arrive(to_producer, 64);
        ptx::barrier_arrive(to_math, math_threads);
    }
    /// The second producer's warp, which does not wait for the math warps either.
    DEEPGEMM_DEVICE static void await_as_producer() { ptx::barrier_sync(to_producer, 64); }
    /// All math warps; what they wrote to shared memory before is visible to one another after it.
    DEEPGEMM_DEVICE static void await() { ptx::barrier_sync(to_math, math_threads); }

private:
    static constexpr u32 to_producer = 7, to_math = 8;  ///< barriers; 1 to 3 belong to the epilogue, 4 to 6 to turns
    static constexpr u32 math_threads = 32 + 128 * MathWarpgroups;
};

/// True in the warpgroup that feeds TMA.
DEEPGEMM_DEVICE bool is_producer() { return ptx::warpgroup_index() == 0; }

/// Index of the calling math warpgroup, from 0.
DEEPGEMM_DEVICE u32 math_warpgroup() { return ptx::warpgroup_index() - 1; }

}  // namespace deepgemm
