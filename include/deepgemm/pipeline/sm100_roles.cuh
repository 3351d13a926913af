// SPDX-License-Identifier: MIT
// The roles of a GEMM on Blackwell. Two warps feed TMA, a thread of the third one multiplies, the fourth prepares stages and
// owns tensor memory, and a warpgroup or more takes totals from there to D. No accumulator lies in registers, so every thread
// keeps those of the launch.
#pragma once

#include <deepgemm/pipeline/roles.cuh>

namespace deepgemm {

namespace roles {
/// One thread: has the tensor cores multiply stage after stage into tensor memory.
struct multiply {
    static constexpr const char* text = "multiplier";
};
/// Allocates tensor memory and frees it. Brings the scales of a stage to the order in which tensor memory takes them, and tells
/// the thread that multiplies, which may be in the other CTA of a pair, that the stage is ready.
struct prepare {
    static constexpr const char* text = "preparer";
};
/// Stores results. A warp reaches a quarter of the lanes of tensor memory.
struct store {
    static constexpr const char* text = "epilogue";
};
}  // namespace roles

/// The roles of a GEMM with `EpilogueWarps` warps that store.
template <int EpilogueWarps>
struct sm100_roles : role_table<role<roles::load_a, 1>, role<roles::load_b, 1>, role<roles::multiply, 1>,
                                role<roles::prepare, 1>, role<roles::store, EpilogueWarps>> {
    static_assert(EpilogueWarps == 4, "gemm: sm100.epilogue_warps must be 4, one for each quarter of tensor memory");
};

/// The hardware barriers of a GEMM with `Roles`, in which `Owners` warpgroups each own a staging buffer.
template <class Roles, int Owners>
struct sm100_barriers : barrier_table<Roles, named_barrier<meetings::staging, 4, Owners>> {};

}  // namespace deepgemm
