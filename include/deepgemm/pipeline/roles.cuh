// SPDX-License-Identifier: MIT
// The roles of a GEMM on Hopper: one warpgroup produces, in which a warp feeds TMA for A and another one for B, and the others
// multiply. Registers move from the producers to the multipliers, since an SM's registers are shared out evenly at the launch.
#pragma once

#include <deepgemm/pipeline/cta.cuh>

namespace deepgemm {

namespace roles {
/// Loads tiles of A with their scales; its first thread makes the CTA's barriers.
struct load_a {
    static constexpr const char* text = "producer of A";
};
/// Loads tiles of B with their scales.
struct load_b {
    static constexpr const char* text = "producer of B";
};
/// Fills up the warpgroup of the producers.
struct idle {
    static constexpr const char* text = "idle";
};
/// Multiplies, and stores results.
struct math {
    static constexpr const char* text = "math";
};
}  // namespace roles

/// Registers of each thread of the producers and of the math warpgroups; 0: those of the launch.
struct register_shares {
    int producer, math;

    /// The shares in a CTA with `math_warpgroups` math warpgroups. Producers keep at least 32. With one math warpgroup the even
    /// share is all that a thread can use, and none move.
    DEEPGEMM_BOTH static constexpr register_shares of(int math_warpgroups) {
        constexpr int least = 32;
        if (math_warpgroups <= 1) return {0, 0};
        const int all = launch_registers(128 * (1 + math_warpgroups)) * (1 + math_warpgroups);
        const int math = (all - least) / math_warpgroups / 8 * 8;
        return {all - math_warpgroups * math, math};
    }
};

/// The roles of a GEMM whose results `MathWarpgroups` warpgroups sum up.
template <int MathWarpgroups>
struct gemm_roles : role_table<role<roles::load_a, 1, register_shares::of(MathWarpgroups).producer>,
                               role<roles::load_b, 1, register_shares::of(MathWarpgroups).producer>,
                               role<roles::idle, 2, register_shares::of(MathWarpgroups).producer>,
                               role<roles::math, 4 * MathWarpgroups, register_shares::of(MathWarpgroups).math>> {
    static_assert(MathWarpgroups >= 1 && MathWarpgroups <= 4, "a CTA has one to four math warpgroups");
};

namespace meetings {
/// The producer of A has made the CTA's barriers: the producer of B may start, and the math warps may.
struct start_of_b {};
struct start_of_math {};
/// A math warpgroup may take its tile.
struct turn {};
/// The owners of a staging buffer, a warpgroup, have written to it, or read from it.
struct staging {};
}  // namespace meetings

/// The hardware barriers of a GEMM with `Roles`, of which `Takers` take tiles in turn, and `Owners` warpgroups stage results.
template <class Roles, int Takers, int Owners>
struct gemm_barriers
    : barrier_table<
          Roles,
          named_barrier<meetings::start_of_b, Roles::warps_of(roles::load_a{}) + Roles::warps_of(roles::load_b{})>,
          named_barrier<meetings::start_of_math, Roles::warps_of(roles::load_a{}) + Roles::warps_of(roles::math{})>,
          named_barrier<meetings::turn, 2 * Roles::warps_of(roles::math{}) / Takers, Takers == 1 ? 0 : Takers>,
          named_barrier<meetings::staging, 4, Owners>> {};

}  // namespace deepgemm
