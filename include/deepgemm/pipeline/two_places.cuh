// SPDX-License-Identifier: MIT
// Two places beside the stages of a ring that are filled in turn, each for as many K blocks in succession as it serves.
#pragma once

#include <deepgemm/core/math.cuh>
#include <deepgemm/core/types.cuh>

namespace deepgemm {

/// Who fills places knows by this when one is free. `Pipeline` has the stages whose K blocks the places serve.
template <class Pipeline>
class two_places {
public:
    using cursor = typename Pipeline::cursor;

    /// Who has acquired stage `at` for the first K block of the next place: waits until all warps have left what the place had
    /// before. Its last K block came just before the `served_` blocks of the last place; they have left it when the stage is
    /// free that comes `stages` - `served_` - 1 after this one. If the last place serves that many blocks, it is free already.
    DEEPGEMM_DEVICE void await(const Pipeline& pipe, cursor at) {
        if (served_ < cursor::stages - 1) {
            at.skip(cursor::stages - 1 - served_);
            pipe.acquire(at);
        }
        served_ = 0;
    }
    /// The same, for the stages of the next `blocks` K blocks: the last place serves these, too.
    DEEPGEMM_DEVICE void pass(i32 blocks = 1) { served_ += blocks; }

private:
    i32 served_ = cursor::stages;  ///< K blocks that the last place serves so far; at first nothing is to be awaited
};

}  // namespace deepgemm
