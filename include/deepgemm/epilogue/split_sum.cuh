// SPDX-License-Identifier: MIT
// Split K: each CTA of a cluster sums a part of a tile's K blocks, and the first CTA adds their totals in the order of the
// parts, so that the result does not depend on timing. Totals travel as asynchronous stores into the first CTA's shared memory,
// each of which signals a barrier there. No memory outside of the cluster is needed.
#pragma once

#include <deepgemm/core/shape.cuh>
#include <deepgemm/ptx/cluster.cuh>
#include <deepgemm/ptx/fence.cuh>
#include <deepgemm/ptx/mbarrier.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/vector.cuh>
#include <deepgemm/ptx/warp.cuh>

namespace deepgemm {

/// Sums totals over `Parts` CTAs: `Fragments` x `Registers` for each thread of `Warps` warps. A warp exchanges totals with the
/// warps of the same index in the other CTAs.
template <int Parts, int Fragments, int Registers, int Warps>
struct split_sum {
    static constexpr u32 warp_bytes = Fragments * Registers * 32 * sizeof(float);
    static constexpr u32 bytes = (Parts - 1) * Warps * warp_bytes;
    static constexpr u32 barrier_bytes = Parts > 1 ? 2 * 8 * Warps : 0;
    using totals = float[Fragments][Registers];

    u32 landing;   ///< shared address of `bytes` bytes, where totals land in the first CTA
    u32 barriers;  ///< shared address of two barriers for each warp: totals have landed, and they have been read
    u32 part;      ///< rank of this CTA in its cluster
    u32 warp;      ///< of the calling warp among the math warps
    u32 parity = 0;

    /// One thread, before the cluster's first synchronisation.
    DEEPGEMM_DEVICE static void initialise(u32 barriers) {
        DEEPGEMM_UNROLL
        for (u32 i = 0; i < 2 * Warps; ++i) ptx::mbarrier_init(barriers + 8 * i, 1);
    }

    /// True in the CTA that gets the sum and stores it.
    DEEPGEMM_DEVICE bool is_first() const { return part == 0; }

    /// Converged warp: in the first CTA, adds the totals of the others; in each other CTA, sends its totals there. `more` says
    /// that another tile follows.
    DEEPGEMM_DEVICE void reduce(totals& total, bool more) {
        if (is_first()) {
            gather(total);
            if (more) permit();
        } else {
            send(total);
        }
        parity ^= 1;
    }

private:
    static constexpr int at_once = 4;  ///< totals in one asynchronous store
    static_assert(Registers % at_once == 0, "split_sum: totals travel four at a time");

    DEEPGEMM_DEVICE u32 landed() const { return barriers + 8 * warp; }
    DEEPGEMM_DEVICE u32 read() const { return barriers + 8 * (Warps + warp); }
    /// Where the calling lane's four totals from `i` on of part `from` lie.
    DEEPGEMM_DEVICE u32 place(u32 from, int fragment, int i) const {
        return landing + ((from - 1) * Warps + warp) * warp_bytes +
               (u32((fragment * Registers + i) / at_once) * 32 + ptx::lane_index()) * u32(at_once * sizeof(float));
    }

    DEEPGEMM_DEVICE void send(const totals& total) const {
        ptx::mbarrier_wait(read(), parity ^ 1, "math: totals of the tile before are read");
        const u32 bar = ptx::map_to_rank(landed(), 0);
        DEEPGEMM_UNROLL
        for (int fragment = 0; fragment < Fragments; ++fragment) {
            DEEPGEMM_UNROLL
            for (int i = 0; i < Registers; i += at_once) {
                const float(&t)[Registers] = total[fragment];
                ptx::st_async(ptx::map_to_rank(place(part, fragment, i), 0),
                              ptx::vec4<float>{t[i], t[i + 1], t[i + 2], t[i + 3]}, bar);
            }
        }
    }

    DEEPGEMM_DEVICE void gather(totals& total) const {
        if (ptx::lane_index() == 0) ptx::mbarrier_arrive_expect_tx(landed(), (Parts - 1) * warp_bytes);
        ptx::mbarrier_wait(landed(), parity, "math: totals of the other parts");
        DEEPGEMM_UNROLL
        for (u32 from = 1; from < u32(Parts); ++from) {
            DEEPGEMM_UNROLL
            for (int fragment = 0; fragment < Fragments; ++fragment) {
                DEEPGEMM_UNROLL
                for (int i = 0; i < Registers; i += at_once) {
                    const auto t = ptx::ld_shared<ptx::vec4<float>>(place(from, fragment, i));
                    total[fragment][i] += t.x;
                    total[fragment][i + 1] += t.y;
                    total[fragment][i + 2] += t.z;
                    total[fragment][i + 3] += t.w;
                }
            }
        }
    }

    /// Lets the other CTAs send the totals of the next tile, which overwrite these. So all lanes must have finished reading: an
    /// arrival at another CTA can overtake earlier loads, and loads of slower lanes. Without the fence, sums on an H200 held
    /// totals of the next tile.
    DEEPGEMM_DEVICE void permit() const {
        ptx::fence_acq_rel_cluster();
        ptx::sync_warp();
        if (ptx::lane_index() + 1 < u32(Parts)) ptx::mbarrier_arrive_remote(read(), ptx::lane_index() + 1);
    }
};

}  // namespace deepgemm
