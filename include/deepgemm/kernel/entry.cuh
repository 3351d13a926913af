// SPDX-License-Identifier: MIT
// The one __global__ function of the library. Every kernel is a type with a `run` and is launched through it.
#pragma once

#include <deepgemm/core/arch.cuh>
#include <deepgemm/ptx/thread.cuh>

namespace deepgemm {

/// The entry of kernel `Kernel`, whose parameters are in constant memory. A program may hold code for several architectures;
/// the kernel has a body only in the code of its own, and launchers refuse it on others. Code for none of the architectures is
/// a mistake.
template <class Kernel>
DEEPGEMM_GLOBAL void DEEPGEMM_LAUNCH_BOUNDS(Kernel::launch.threads, Kernel::launch.ctas_per_sm)
    entry(const DEEPGEMM_GRID_CONSTANT typename Kernel::params p) {
    if constexpr (arch::compiled_here(Kernel::launch.arch)) {
        Kernel::run(p);
    } else {
        static_assert(arch::any_compiled_here || Kernel::launch.arch != arch::sm90::number,
                      "this kernel needs wgmma: compile with " DEEPGEMM_SM90_FLAG
                      ", since -arch=sm_90a alone compiles for compute_90, too");
        static_assert(arch::any_compiled_here || Kernel::launch.arch != arch::sm100::number,
                      "this kernel needs tcgen05: compile with " DEEPGEMM_SM100_FLAG);
        ptx::trap();
    }
}

}  // namespace deepgemm
