// SPDX-License-Identifier: MIT
// Programmatic dependent launch: a grid that starts before its predecessor in the stream has ended.
#pragma once

#include <deepgemm/core/types.cuh>
#if DEEPGEMM_SIMULATED
#include <deepgemm/sim/global.hpp>
#endif

namespace deepgemm::ptx {

/// Waits until the grids this one depends on have ended and their writes are visible. Nothing without such grids.
DEEPGEMM_DEVICE void grid_dependency_wait() {
#if DEEPGEMM_SIMULATED
    sim::grid_dependency_wait();
#else
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

/// Allows dependent grids to start once all CTAs have called it or ended. It makes no writes of this grid visible. The thread
/// must have waited before, so that at most two grids of a stream run: a grid that starts may rely on all others but its
/// predecessor being complete.
DEEPGEMM_DEVICE void grid_dependency_trigger() {
#if DEEPGEMM_SIMULATED
    sim::grid_dependency_trigger();
#else
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

}  // namespace deepgemm::ptx
