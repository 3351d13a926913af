// SPDX-License-Identifier: MIT
// Register reallocation between warpgroups: setmaxnreg. A kernel starts with equal shares. Producers give registers back, and
// math warpgroups take them.
#pragma once

#include <deepgemm/core/types.cuh>
#if DEEPGEMM_SIMULATED
#include <deepgemm/sim/registers.hpp>
#endif

namespace deepgemm::ptx {

/// A register count that setmaxnreg takes.
template <int N>
concept register_count = N >= 24 && N <= 256 && N % 8 == 0;

/// Waits until the CTA's pool can raise the warp to N registers per thread. Called by all warps of a warpgroup.
template <int N>
requires register_count<N> DEEPGEMM_DEVICE void increase_registers() {
#if DEEPGEMM_SIMULATED
    sim::increase_registers(N);
#else
    asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(N));
#endif
}

/// Gives all but N registers per thread back to the CTA's pool. Called by all warps of a warpgroup.
template <int N>
requires register_count<N> DEEPGEMM_DEVICE void decrease_registers() {
#if DEEPGEMM_SIMULATED
    sim::decrease_registers(N);
#else
    asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(N));
#endif
}

/// Returns `value` and hides its origin from the compiler, which then keeps it in a register instead of computing it again
/// (from the thread index, say) in every iteration of a loop. Any thread.
DEEPGEMM_DEVICE u32 keep(u32 value) {
#if !DEEPGEMM_SIMULATED
    asm volatile("" : "+r"(value));
#endif
    return value;
}

/// The same for a float, which is then computed at this point and not later.
DEEPGEMM_DEVICE float keep(float value) {
#if !DEEPGEMM_SIMULATED
    asm volatile("" : "+f"(value));
#endif
    return value;
}

}  // namespace deepgemm::ptx
