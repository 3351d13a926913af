// SPDX-License-Identifier: MIT
// Two places beside the stages of a ring that are filled in turn, each for as many K blocks in succession as it serves.
#pragma once

#include <deepgemm/core/math.cuh>
#include <deepgemm/core/types.cuh>

namespace deepgemm {

/// Who fills places knows by this when one is free. `Pipeline` has the stages whose K blocks the places serve.
template <class Pipeline>
struct two_places {
    using cursor = typename Pipeline::cursor;
    i32 age = cursor::stages;  ///< K blocks since the first one that the last place serves, including it

    /// Who has acquired stage `at` for the first K block of the next place: waits until all warps have left what the place had
    /// before. Its last K block came `age` + 1 blocks ago; they have left it when the stage is free that comes `stages` - `age`
    /// - 1 after this one. If a place serves that many K blocks, it is free already.
    DEEPGEMM_DEVICE void await(const Pipeline& pipe, cursor at) {
        if (age < cursor::stages - 1) {
            at.skip(cursor::stages - 1 - age);
            pipe.acquire(at);
        }
        age = 0;
    }
    /// The same, with every K block, once its stage is served: the next block comes.
    DEEPGEMM_DEVICE void pass() { ++age; }
};

}  // namespace deepgemm
