// SPDX-License-Identifier: MIT
// Stage arithmetic of a ring of buffers: which stage is next and in which phase its barriers are. Pure; no barrier here.
#pragma once

#include <deepgemm/core/types.cuh>

namespace deepgemm {

/// A cursor over a ring of `Stages` stages. Producer and consumers keep one each and advance it once per K block, over
/// all tiles of a kernel; so they agree on stage and parity without talking.
template <int Stages>
struct ring {
    u32 stage = 0;
    u32 parity = 0;  ///< flips each time the ring wraps; the parity a consumer waits for

    DEEPGEMM_BOTH constexpr void advance() {
        if (++stage == Stages) {
            stage = 0;
            parity ^= 1;
        }
    }

    /// Passes over `blocks` K blocks that others take.
    DEEPGEMM_BOTH constexpr void skip(i32 blocks) {
        const u32 past = stage + u32(blocks);
        stage = past % Stages;
        parity ^= past / Stages % 2;
    }
};

}  // namespace deepgemm
