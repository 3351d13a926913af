// SPDX-License-Identifier: MIT
// The roles of a GEMM on Hopper. One warpgroup produces: a warp of it feeds TMA for A, another one for B, two copy what TMA
// cannot load. The other warpgroups multiply. A launch gives all threads the same number of registers, so the producers then
// give some of theirs to the multipliers.
#pragma once

#include <deepgemm/pipeline/cta.cuh>

namespace deepgemm {

namespace roles {
/// Loads tiles of A with their scales, or passes on what others have copied. Its first thread initialises the CTA's barriers.
struct load_a {
    static constexpr const char* text = "producer of A";
};
/// Loads tiles of B with their scales.
struct load_b {
    static constexpr const char* text = "producer of B";
};
/// Copies what TMA cannot load: gathered rows of A, scales that are not MN-major. If there is none, these warps only fill up
/// the warpgroup of the producers.
struct copy {
    static constexpr const char* text = "copier";
};
/// Multiplies, and stores results.
struct math {
    static constexpr const char* text = "math";
};
}  // namespace roles

/// Registers of each thread of the producers and of the math warpgroups; 0 keeps the number of the launch.
struct register_shares {
    int producer, math;

    /// The shares in a CTA with `math_warpgroups` math warpgroups. Producers keep at least 32. With one math warpgroup no
    /// registers move, since an even share is all that a thread can use.
    DEEPGEMM_BOTH static constexpr register_shares of(int math_warpgroups) {
        constexpr int least = 32;
        if (math_warpgroups <= 1) return {0, 0};
        const int all = launch_registers(128 * (1 + math_warpgroups)) * (1 + math_warpgroups);
        const int math = (all - least) / math_warpgroups / 8 * 8;
        return {all - math_warpgroups * math, math};
    }
};

/// The roles of a GEMM with `MathWarpgroups` warpgroups that multiply.
template <int MathWarpgroups>
struct gemm_roles : role_table<role<roles::load_a, 1, register_shares::of(MathWarpgroups).producer>,
                               role<roles::load_b, 1, register_shares::of(MathWarpgroups).producer>,
                               role<roles::copy, 2, register_shares::of(MathWarpgroups).producer>,
                               role<roles::math, 4 * MathWarpgroups, register_shares::of(MathWarpgroups).math>> {
    static_assert(MathWarpgroups >= 1 && MathWarpgroups <= 4, "a CTA has one to four math warpgroups");
};

namespace meetings {
/// The producer of A has initialised the CTA's barriers: the other producers may start, and the math warps may.
struct start_of_loads {};
struct start_of_math {};
/// A math warpgroup may start on its tile.
struct turn {};
/// The warpgroup that owns a staging buffer has written to it, or read from it.
struct staging {};
/// All math warps have kept their totals of parts of K, or another CTA has.
struct parts {};
}  // namespace meetings

/// The hardware barriers of a GEMM with `Roles`: `Takers` groups of math warps take tiles in turn, and `Owners` warpgroups each
/// own a staging buffer (0 if warps own them, which need no barrier). `Copies` says that there is something for warps to copy,
/// `Meets` that all math warps meet at the end.
template <class Roles, int Takers, int Owners, bool Copies, bool Meets = false>
struct gemm_barriers
    : barrier_table<
          Roles,
          named_barrier<meetings::start_of_loads, Roles::warps_of(roles::load_a{}) + Roles::warps_of(roles::load_b{}) +
                                                      (Copies ? Roles::warps_of(roles::copy{}) : 0)>,
          named_barrier<meetings::start_of_math, Roles::warps_of(roles::load_a{}) + Roles::warps_of(roles::math{})>,
          named_barrier<meetings::turn, 2 * Roles::warps_of(roles::math{}) / Takers, Takers == 1 ? 0 : Takers>,
          named_barrier<meetings::staging, 4, Owners>,
          named_barrier<meetings::parts, Roles::warps_of(roles::math{}), Meets ? 1 : 0>> {};

}  // namespace deepgemm
