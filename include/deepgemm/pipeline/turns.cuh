// SPDX-License-Identifier: MIT
// Turns of math warpgroups that each take whole tiles: a warpgroup starts on its tile when the one before it has its last K
// block in flight. Its epilogue then runs under the next one's main loop. The turn is also what keeps parities unambiguous:
// nobody waits for a stage more than one round of the ring ahead.
#pragma once

#include <deepgemm/pipeline/roles.cuh>

namespace deepgemm {

/// The turns of `Takers` warpgroups, which meet at barriers of `Barriers`, two at each; nothing if there is one taker.
template <int Takers, class Barriers>
struct turns {
    u32 mine;  ///< index of the calling warpgroup among the takers

    /// Warpgroup, once, before the first tile: the last taker lets the first begin, if there is a tile.
    DEEPGEMM_DEVICE void begin(bool any) const {
        if (Takers > 1 && mine == Takers - 1) pass_on(any);
    }
    /// Warpgroup: waits for its turn.
    DEEPGEMM_DEVICE void await() const {
        if constexpr (Takers > 1) Barriers::sync(meetings::turn{}, mine);
    }
    /// Warpgroup: the next one may begin, if there is a tile for it.
    DEEPGEMM_DEVICE void pass_on(bool more) const {
        if (Takers > 1 && more) Barriers::arrive(meetings::turn{}, (mine + 1) % Takers);
    }
};

}  // namespace deepgemm
