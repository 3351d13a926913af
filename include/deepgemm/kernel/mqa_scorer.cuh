// SPDX-License-Identifier: MIT
// What math threads of the kernels for the scores of an indexer do, wherever keys are: multiply 64 keys by the heads of a few
// queries, add up over heads, and scale.
#pragma once

#include <deepgemm/mma/sm90/uniform_descriptor.cuh>
#include <deepgemm/ptx/registers.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/warp.cuh>

namespace deepgemm {

/// A math thread's part of kernel `K`, which names its `mma`, `sums`, `reduction` and `key_tile`, and of whose key rings the
/// stages lie side by side.
template <class K>
struct mqa_scorer {
    using mma = typename K::mma;
    using sums = typename K::sums;
    using key_tile = typename K::key_tile;

    sums heads;                           ///< weights; load() them for each query tile
    u64 keys;                             ///< descriptor of the keys of stage 0, see uniform_descriptor_of()
    typename K::reduction between_lanes;  ///< how lanes bring their shares of a sum together

    /// The key, of 64, whose scores the calling lane gets.
    DEEPGEMM_DEVICE static u32 row() { return ptx::warp_index() % 4 * 16 + u32(sums::row()); }

    /// Converged warps: multiplies 64 keys, from number `first` of the key tile in stage `stage` on, by the queries with
    /// descriptor `q`. Returns the scale of key row(); `scales` is the shared address of that of stage 0. Then the stage has
    /// been read.
    DEEPGEMM_DEVICE float multiply(u64 q, u32 scales, u32 stage, u32 first, typename mma::accumulator& dots) const {
        mma::multiply(sm90::advance(keys, stage * key_tile::bytes + first * key_tile::bytes_per_row), q, dots);
        const float scale = ptx::ld_shared<float>(scales + (stage * u32(key_tile::rows) + first) * 4);
        mma::wait(dots);
        return ptx::keep(scale);  // it is there before the caller gives the stage back
    }
    /// Converged warps: the scores of key row(), from what multiply() gave.
    DEEPGEMM_DEVICE void reduce(const typename mma::accumulator& dots, float scale,
                                float (&score)[sums::results]) const {
        heads.reduce(dots, score, between_lanes);
        DEEPGEMM_UNROLL
        for (float& s : score) s *= scale;
    }
};

}  // namespace deepgemm
