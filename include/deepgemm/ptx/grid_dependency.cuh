// SPDX-License-Identifier: MIT
// Programmatic dependent launch: a grid that starts before its predecessor in the stream has ended.
#pragma once

#include <deepgemm/core/types.cuh>
#if DEEPGEMM_SIMULATED
#include <deepgemm/sim/global.hpp>
#endif

namespace deepgemm::ptx {

/// Waits until the grids this one depends on have ended and their writes are visible. Without such grids it does nothing.
DEEPGEMM_DEVICE void grid_dependency_wait() {
#if DEEPGEMM_SIMULATED
    sim::grid_dependency_wait();
#else
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

/// Lets dependent grids start once all CTAs have called it or exited. It makes no writes of this grid visible. Call
/// grid_dependency_wait() before: then at most two grids of a stream overlap, and a grid may rely on all grids before its
/// predecessor being complete.
DEEPGEMM_DEVICE void grid_dependency_trigger() {
#if DEEPGEMM_SIMULATED
    sim::grid_dependency_trigger();
#else
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

}  // namespace deepgemm::ptx
