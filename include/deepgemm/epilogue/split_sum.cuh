// SPDX-License-Identifier: MIT
// Split K: each part of a cluster sums a part of a tile's K blocks, and one of them adds the totals of all in the order of the
// parts, so that the result does not depend on timing. Totals travel as asynchronous stores into the shared memory of the CTA
// that adds, each of which signals a barrier there. No memory outside of the cluster is needed.
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

/// Sums totals over `Parts` parts of `Ctas` CTAs each: `Fragments` x `Registers` for each thread of `Warps` warps. A warp
/// exchanges totals with the warps of the same index in the CTAs of the same place in the other parts. The first part collects
/// the totals of all warps; or, if `Spread`, part w % Parts those of warp w, so that several CTAs receive, add and store at the
/// same time.
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

    /// Converged warp, where the first part collects: if it is this one, adds the totals of the others, else sends its totals.
    /// `more` says that it will be called once more.
    DEEPGEMM_DEVICE void reduce(totals& total, bool more) {
        static_assert(!Spread && Ctas == 1,
                      "split_sum: only the first part has its totals as the beginning of the sum");
        if (collects()) {
            await();
            DEEPGEMM_UNROLL
            for (u32 from = 1; from < u32(Parts); ++from) {
                DEEPGEMM_UNROLL
                for (int fragment = 0; fragment < Fragments; ++fragment) add(total[fragment], from, fragment);
            }
            if (more) permit();
            parity ^= 1;
        } else {
            send(total);
        }
    }

    /// Converged warp that collects: the sum of the totals of all parts, the first one first, so that it is the same wherever
    /// it is formed. `own(t)` writes those of the calling CTA to t when it is their turn: a thread then never holds more than
    /// two sets, where ptxas would load all of them at once. The other parts may then send again.
    template <class Own>
    DEEPGEMM_DEVICE void collect(float (&sum)[Registers], const Own& own) {
        static_assert(Fragments == 1);
        await();
        DEEPGEMM_UNROLL
        for (float& x : sum) x = -0.0f;  // which changes nothing that is added to it
        DEEPGEMM_NO_UNROLL
        for (u32 from = 0; from < u32(Parts); ++from) {
            if (from == collector()) {
                float t[Registers];
                own(t);
                DEEPGEMM_UNROLL
                for (int i = 0; i < Registers; ++i) sum[i] += t[i];
            } else {
                add(sum, from, 0);
            }
        }
        permit();
        parity ^= 1;
    }
    /// Converged warp that does not collect: sends its totals, once those that it sent before are read.
    DEEPGEMM_DEVICE void send(const totals& total) {
        ptx::mbarrier_wait(read(), parity ^ 1, "math: totals sent before are read");
        DEEPGEMM_UNROLL
        for (int fragment = 0; fragment < Fragments; ++fragment) send_fragment(total[fragment], fragment);
        parity ^= 1;
    }
    DEEPGEMM_DEVICE void send(const float (&total)[Registers]) {
        static_assert(Fragments == 1);
        ptx::mbarrier_wait(read(), parity ^ 1, "math: totals sent before are read");
        send_fragment(total, 0);
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

    DEEPGEMM_DEVICE u32 landed() const { return barriers + 8 * warp; }
    DEEPGEMM_DEVICE u32 read() const { return barriers + 8 * (Warps + warp); }
    /// Where the calling lane's totals from part `from`, from register `i` of a fragment on, lie.
    DEEPGEMM_DEVICE u32 place(u32 from, int fragment, int i) const {
        const u32 slot = from < collector() ? from : from - 1, of_warp = Spread ? warp / u32(Parts) : warp;
        return landing + (slot * collected + of_warp) * warp_bytes +
               (u32((fragment * Registers + i) / at_once) * 32 + ptx::lane_index()) * u32(sizeof(piece));
    }

    DEEPGEMM_DEVICE void send_fragment(const float (&t)[Registers], int fragment) const {
        const u32 to = rank_of(collector()), bar = ptx::map_to_rank(landed(), to);
        DEEPGEMM_UNROLL
        for (int i = 0; i < Registers; i += at_once)
            ptx::st_async(ptx::map_to_rank(place(part(), fragment, i), to), piece{t[i], t[i + 1], t[i + 2], t[i + 3]},
                          bar);
    }

    /// The warp that collects: waits until the totals of all other parts have landed.
    DEEPGEMM_DEVICE void await() const {
        if (ptx::lane_index() == 0) ptx::mbarrier_arrive_expect_tx(landed(), (Parts - 1) * warp_bytes);
        ptx::mbarrier_wait(landed(), parity, "math: totals of the other parts");
    }
    /// Adds what part `from` has sent of a fragment.
    DEEPGEMM_DEVICE void add(float (&sum)[Registers], u32 from, int fragment) const {
        DEEPGEMM_UNROLL
        for (int i = 0; i < Registers; i += at_once) {
            const auto t = ptx::ld_shared<piece>(place(from, fragment, i));
            sum[i] += t.x;
            sum[i + 1] += t.y;
            sum[i + 2] += t.z;
            sum[i + 3] += t.w;
        }
    }

    /// Lets the other parts send again, which overwrites these totals. So all lanes must have finished reading: an
    /// arrival at another CTA can overtake earlier loads, and loads of slower lanes. Without the fence, sums on an H200 held
    /// totals of the next tile.
    DEEPGEMM_DEVICE void permit() const {
        ptx::fence_acq_rel_cluster();
        ptx::sync_warp();
        const u32 lane = ptx::lane_index();
        if (lane + 1 < u32(Parts)) ptx::mbarrier_arrive_remote(read(), rank_of(lane < collector() ? lane : lane + 1));
    }
};

}  // namespace deepgemm
