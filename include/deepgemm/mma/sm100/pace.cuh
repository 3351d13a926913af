// SPDX-License-Identifier: MIT
// The throttle of Blackwell's tensor cores: the thread that multiplies spaces its multiplies, so that tensor cores rest for a
// part of the time. They then draw less power, and the clock need not fall; or they leave power to kernels that run beside this
// one.
#pragma once

#include <deepgemm/ptx/thread.cuh>

namespace deepgemm::sm100 {

/// Keeps tensor cores busy for at most `Percent` percent of the time. What takes them c clocks starts no earlier than
/// ceil(100 c' / Percent) clocks after what took c' clocks before it. So no queue of multiplies builds up, and they are not
/// slower than asked for where they wait for operands anyway. With 100 nothing remains of it.
template <int Percent>
struct pace {
    u64 next = 0;  ///< the time before which nothing starts

    /// The thread that multiplies, before it starts what takes tensor cores `clocks` clocks.
    DEEPGEMM_DEVICE void before(u32 clocks) {
        ptx::wait_for_clock(next);
        next = ptx::clock() + period(clocks);
    }
    /// Clocks from one start to the next.
    DEEPGEMM_BOTH static constexpr u32 period(u32 clocks) { return (clocks * 100 + Percent - 1) / Percent; }
};
template <>
struct pace<100> {
    DEEPGEMM_DEVICE void before(u32) const {}
};

}  // namespace deepgemm::sm100
