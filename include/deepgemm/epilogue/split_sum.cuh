// SPDX-License-Identifier: MIT
// Split K: each part of a cluster sums a part of a tile's K blocks, and one of them adds the totals of all in the order of the
// parts, so that the result does not depend on timing. Totals travel as asynchronous stores into the shared memory of the CTA that adds,
// each of which signals a barrier there. No memory outside of the cluster is needed.
#pragma once

#include <deepgemm/core/math.cuh>
#include <deepgemm/core/shape.cuh>
#include <deepgemm/ptx/cluster.cuh>
#include <deepgemm/ptx/fence.cuh>
#include <deepgemm/ptx/mbarrier.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/vector.cuh>
#include <deepgemm/ptx/warp.cuh>

namespace deepgemm {

/// Sums totals over `Parts` parts of `Ctas` CTAs each: `Fragments` x `Registers` for each thread of `Warps` warps. A warp exchanges
/// totals with the warps of the same index in the CTAs of the same place in the other parts. The first part collects the totals of all
/// warps; or, if `Spread`, part w % Parts those of warp w, so that several CTAs receive, add and store at the same time.
template <int Parts, int Fragments, int Registers, int Warps, bool Spread = false, int Ctas = 1>
struct split_sum {
    static constexpr u32 warp_bytes = Fragments * Registers * 32 * sizeof(float);
    static constexpr u32 collected = Spread ? ceil_div(Warps, Parts) : Warps;  ///< warps of a CTA that collect, at most
    static constexpr u32 bytes = (Parts - 1) * collected * warp_bytes;
    static constexpr u32 barrier_bytes = Parts > 1 ? 2 * 8 * Warps : 0;
    using totals = float[Fragments][Registers];

    u32 landing;   ///< shared address of `bytes` bytes, where totals land in a CTA that collects
    u32 barriers;  ///< shared address of two barriers for each warp: totals have landed, and they have been read
    u32 rank;      ///< of this CTA in its cluster
    u32 warp;      ///< of the calling warp among the warps that hold totals
    u32 parity = 0;

    /// One thread, before the cluster's first synchronisation.
    DEEPGEMM_DEVICE static void initialise(u32 barriers) {
        DEEPGEMM_UNROLL
        for (u32 i = 0; i < 2 * Warps; ++i) ptx::mbarrier_init(barriers + 8 * i, 1);
    }

    /// True in the CTA where the calling warp gets the sum and stores it.
    DEEPGEMM_DEVICE bool collects() const { return part() == collector(); }

    /// Converged warp: if it collects, adds the totals of the other parts, else sends its totals. `more` says that it will be called
    /// once more.
    DEEPGEMM_DEVICE void reduce(totals& total, bool more) {
        if (collects()) {
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
    using piece = ptx::vec4<float>;

    /// The calling CTA's part, and the part that collects the totals of the calling warp.
    DEEPGEMM_DEVICE u32 part() const { return rank / u32(Ctas); }
    DEEPGEMM_DEVICE u32 collector() const { return Spread ? warp % u32(Parts) : 0; }
    /// The CTA of another part with the same place in it.
    DEEPGEMM_DEVICE u32 rank_of(u32 other) const { return other * u32(Ctas) + rank % u32(Ctas); }
    /// Part number `i` of those that send to the collector.
    DEEPGEMM_DEVICE u32 sender(u32 i) const { return i < collector() ? i : i + 1; }

    DEEPGEMM_DEVICE u32 landed() const { return barriers + 8 * warp; }
    DEEPGEMM_DEVICE u32 read() const { return barriers + 8 * (Warps + warp); }
    /// Where the calling lane's first totals from part `from` lie, and how far from there those of register `i` of a fragment.
    DEEPGEMM_DEVICE u32 place(u32 from) const {
        const u32 slot = from < collector() ? from : from - 1;
        return landing + (slot * collected + (Spread ? warp / u32(Parts) : warp)) * warp_bytes +
               ptx::lane_index() * u32(sizeof(piece));
    }
    DEEPGEMM_BOTH static constexpr u32 offset(int fragment, int i) {
        return u32((fragment * Registers + i) / at_once) * 32 * u32(sizeof(piece));
    }

    DEEPGEMM_DEVICE void send(const totals& total) const {
        ptx::mbarrier_wait(read(), parity ^ 1, "math: totals sent before are read");
        const u32 bar = ptx::map_to_rank(landed(), rank_of(collector())),
                  to = ptx::map_to_rank(place(part()), rank_of(collector()));
        DEEPGEMM_UNROLL
        for (int fragment = 0; fragment < Fragments; ++fragment) {
            DEEPGEMM_UNROLL
            for (int i = 0; i < Registers; i += at_once) {
                const float(&t)[Registers] = total[fragment];
                ptx::st_async(to + offset(fragment, i), piece{t[i], t[i + 1], t[i + 2], t[i + 3]}, bar);
            }
        }
    }

    /// Adds the totals of all parts, the first one first: the sum is the same wherever it is formed.
    DEEPGEMM_DEVICE void gather(totals& total) const {
        if (ptx::lane_index() == 0) ptx::mbarrier_arrive_expect_tx(landed(), (Parts - 1) * warp_bytes);
        ptx::mbarrier_wait(landed(), parity, "math: totals of the other parts");
        DEEPGEMM_UNROLL
        for (int fragment = 0; fragment < Fragments; ++fragment) {
            DEEPGEMM_UNROLL
            for (int i = 0; i < Registers; i += at_once) {
                float(&t)[Registers] = total[fragment];
                const piece own{t[i], t[i + 1], t[i + 2], t[i + 3]};
                piece sum = of_part(0, own, offset(fragment, i));
                DEEPGEMM_UNROLL
                for (u32 from = 1; from < u32(Parts); ++from) {
                    const piece next = of_part(from, own, offset(fragment, i));
                    sum = {sum.x + next.x, sum.y + next.y, sum.z + next.z, sum.w + next.w};
                }
                t[i] = sum.x;
                t[i + 1] = sum.y;
                t[i + 2] = sum.z;
                t[i + 3] = sum.w;
            }
        }
    }
    /// Four totals of part `from`: those of the calling CTA if it is its own.
    DEEPGEMM_DEVICE piece of_part(u32 from, const piece& own, u32 offset) const {
        piece t = own;
        if (from != collector()) t = ptx::ld_shared<piece>(place(from) + offset);
        return t;
    }

    /// Lets the other parts send again, which overwrites these totals. So all lanes must have finished reading: an
    /// arrival at another CTA can overtake earlier loads, and loads of slower lanes. Without the fence, sums on an H200 held
    /// totals of the next tile.
    DEEPGEMM_DEVICE void permit() const {
        ptx::fence_acq_rel_cluster();
        ptx::sync_warp();
        if (ptx::lane_index() + 1 < u32(Parts)) ptx::mbarrier_arrive_remote(read(), rank_of(sender(ptx::lane_index())));
    }
};

}  // namespace deepgemm
