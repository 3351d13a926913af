// SPDX-License-Identifier: MIT
// The one __global__ function of the library: every kernel is a type with a `run`, launched through this.
#pragma once

#include <deepgemm/core/traits.cuh>

namespace deepgemm {

/// The entry of kernel `Kernel`, whose parameters arrive in constant memory.
template <class Kernel>
DEEPGEMM_GLOBAL void DEEPGEMM_LAUNCH_BOUNDS(Kernel::launch.threads, 1)
    entry(const DEEPGEMM_GRID_CONSTANT typename Kernel::params p) {
    if constexpr (Kernel::launch.arch != 90 || DEEPGEMM_HAS_SM90A) {
        Kernel::run(p);
    } else {
        static_assert(always_false<Kernel>,
                      "this kernel needs wgmma: compile with -gencode arch=compute_90a,code=sm_90a, "
                      "since -arch=sm_90a alone compiles for compute_90, too");
    }
}

}  // namespace deepgemm
