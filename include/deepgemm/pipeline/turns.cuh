// SPDX-License-Identifier: MIT
// Turns of math warpgroups that each take whole tiles: a warpgroup starts on its tile when the one before it has its last K
// block in flight. Its epilogue then runs under the next one's main loop. The turn is also what keeps parities unambiguous:
// nobody waits for a stage more than one round of the ring ahead. Models a ring of named barriers.
#pragma once

#include <deepgemm/ptx/barrier.cuh>

namespace deepgemm {

/// The turns of `Takers` warpgroups; nothing if there is one taker.
template <int Takers>
struct turns {
    u32 mine;  ///< index of the calling warpgroup among the takers

    /// Warpgroup, once, before the first tile: the last taker lets the first begin, if there is a tile.
    DEEPGEMM_DEVICE void begin(bool any) const {
        if (Takers > 1 && mine == Takers - 1) pass_on(any);
    }
    /// Warpgroup: waits for its turn.
    DEEPGEMM_DEVICE void await() const {
        if constexpr (Takers > 1) ptx::barrier_sync(first_barrier + mine, 256);
    }
    /// Warpgroup: the next one may begin, if there is a tile for it.
    DEEPGEMM_DEVICE void pass_on(bool more) const {
        if (Takers > 1 && more) ptx::barrier_arrive(first_barrier + (mine + 1) % Takers, 256);
    }

private:
    static constexpr u32 first_barrier = 4;  ///< 1 to 3 belong to the epilogue
};

}  // namespace deepgemm
