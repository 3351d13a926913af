// SPDX-License-Identifier: MIT
// The one __global__ function of the library: every kernel is a type with a `run`, launched through this.
#pragma once

#include <deepgemm/core/config.cuh>

namespace deepgemm {

/// The entry of kernel `Kernel`, whose parameters arrive in constant memory.
template <class Kernel>
DEEPGEMM_GLOBAL void DEEPGEMM_LAUNCH_BOUNDS(Kernel::info.threads, 1)
    entry(const DEEPGEMM_GRID_CONSTANT typename Kernel::params p) {
#if DEEPGEMM_SIMULATED || !defined(__CUDA_ARCH__) || defined(__CUDA_ARCH_FEAT_SM90_ALL)
    Kernel::run(p);
#else
    static_assert(Kernel::info.arch != 90,
                  "this kernel needs wgmma: compile with -gencode arch=compute_90a,code=sm_90a, "
                  "since -arch=sm_90a alone compiles for compute_90, too");
#endif
}

}  // namespace deepgemm
