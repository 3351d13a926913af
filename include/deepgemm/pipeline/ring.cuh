// SPDX-License-Identifier: MIT
// The arithmetic of a ring of buffers: which stage is next, and in which phase its barriers are. No barrier here.
#pragma once

#include <deepgemm/core/types.cuh>

namespace deepgemm {

/// A cursor over a ring of `Stages` stages. The producer and each consumer keep one and advance it once per K block, over all
/// tiles of a kernel. So they agree on stage and parity without communication.
template <int Stages>
struct ring {
    static constexpr int stages = Stages;
    u32 stage = 0;
    u32 parity = 0;  ///< the parity that a consumer waits for; flips each time the ring wraps

    DEEPGEMM_BOTH constexpr void advance() {
        if (++stage == Stages) {
            stage = 0;
            parity ^= 1;
        }
    }

    /// Skips `blocks` K blocks that other warpgroups take.
    DEEPGEMM_BOTH constexpr void skip(i32 blocks) {
        const u32 past = stage + u32(blocks);
        stage = past % Stages;
        parity ^= past / Stages % 2;
    }
};

}  // namespace deepgemm
