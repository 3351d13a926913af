// SPDX-License-Identifier: MIT
// Turns of math warpgroups that take whole tiles. Invariant: no warpgroup waits for a stage more than one round of the ring
// ahead, so parities stay unambiguous. To keep it, a warpgroup starts its tile only when the one before has issued the multiply
// of its last K block. The epilogue of that one then runs during the main loop of this one.
#pragma once

#include <deepgemm/pipeline/roles.cuh>

namespace deepgemm {

/// The turns of `Takers` warpgroups. Each has a barrier of `Barriers`, at which it meets the one before it. With one taker all
/// functions do nothing.
template <int Takers, class Barriers>
struct turns {
    u32 mine;  ///< index of the calling warpgroup among the takers

    /// Warpgroup, once, before the first tile: the last taker lets the first one start, if there is a tile.
    DEEPGEMM_DEVICE void begin(bool any) const {
        if (Takers > 1 && mine == Takers - 1) pass_on(any);
    }
    /// Warpgroup: waits for its turn.
    DEEPGEMM_DEVICE void await() const {
        if constexpr (Takers > 1) Barriers::sync(meetings::turn{}, mine);
    }
    /// Warpgroup: lets the next one start, if there is a tile for it.
    DEEPGEMM_DEVICE void pass_on(bool more) const {
        if (Takers > 1 && more) Barriers::arrive(meetings::turn{}, (mine + 1) % Takers);
    }
};

}  // namespace deepgemm
