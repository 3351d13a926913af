// SPDX-License-Identifier: MIT
// Sums over groups of math threads of a CTA, warps or warpgroups, that shared the K blocks of a tile: each but the first leaves
// its totals in shared memory, and the first adds them in order, so that the result does not depend on timing. split_sum.cuh
// does the same among the CTAs of a cluster.
#pragma once

#include <deepgemm/pipeline/cta.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/vector.cuh>

namespace deepgemm {

namespace meetings {
/// All totals of a tile are in shared memory.
struct totals_written {};
/// They have been added up.
struct totals_read {};
}  // namespace meetings

/// Sums `Registers` totals of each thread over `Groups` groups of `Threads` threads, the first threads of the CTA. A thread's
/// totals are added to those of the thread of the same index in the first group. `Barriers` is a barrier_table with both
/// meetings, of all math warps each.
template <int Groups, int Threads, int Registers, class Barriers>
struct group_sum {
    static_assert(Registers % 4 == 0, "group_sum: totals are stored four at a time");
    static constexpr u32 group_bytes = Registers * Threads * sizeof(float), bytes = (Groups - 1) * group_bytes;

    u32 landing;  ///< shared address of `bytes` bytes
    u32 group;    ///< index of the calling thread's group

    /// True in the group that gets the sum.
    DEEPGEMM_DEVICE bool is_first() const { return group == 0; }

    /// All threads of all groups: in the first group, adds the totals of the others to `total`. `more` says that another tile
    /// follows.
    DEEPGEMM_DEVICE void reduce(float (&total)[Registers], bool more) const {
        if constexpr (Groups > 1) {
            if (!is_first()) store(total);
            Barriers::sync(meetings::totals_written{});
            if (is_first()) {
                DEEPGEMM_UNROLL
                for (u32 from = 1; from < u32(Groups); ++from) gather(total, from);
            }
            if (more) Barriers::sync(meetings::totals_read{});
        }
    }

private:
    /// Where four totals of the calling thread from `i` on lie in what group `from` has stored.
    DEEPGEMM_DEVICE u32 place(u32 from, int i) const {
        return landing + (from - 1) * group_bytes + (u32(i / 4) * Threads + ptx::thread_index() % Threads) * 16;
    }
    DEEPGEMM_DEVICE void store(const float (&total)[Registers]) const {
        DEEPGEMM_UNROLL
        for (int i = 0; i < Registers; i += 4) {
            ptx::st_shared(place(group, i), ptx::vec4<float>{total[i], total[i + 1], total[i + 2], total[i + 3]});
        }
    }
    DEEPGEMM_DEVICE void gather(float (&total)[Registers], u32 from) const {
        DEEPGEMM_UNROLL
        for (int i = 0; i < Registers; i += 4) {
            const auto t = ptx::ld_shared<ptx::vec4<float>>(place(from, i));
            total[i] += t.x;
            total[i + 1] += t.y;
            total[i + 2] += t.z;
            total[i + 3] += t.w;
        }
    }
};

}  // namespace deepgemm
