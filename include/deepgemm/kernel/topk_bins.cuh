// SPDX-License-Identifier: MIT
// Counts of numbers of a few bits, in shared memory, and sums over the threads of a CTA.
#pragma once

#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/warp.cuh>

namespace deepgemm {

/// 2048 bins of a CTA of `Threads` threads, each of which has four neighbouring ones as its own. Bins are zero between uses.
template <u32 Threads>
struct topk_bins {
    static constexpr u32 warps = Threads / 32, digit_bits = 11, count_of_bins = 1u << digit_bits;
    static_assert(Threads * 4 == count_of_bins, "topk_bins: a thread has four bins");
    /// Of shared memory: bins, a word for each warp, and four.
    static constexpr u32 bytes = 4 * (count_of_bins + warps + 4);

    u32 bins;  ///< shared address
    u32 thread, lane, warp;

    DEEPGEMM_DEVICE explicit topk_bins(u32 smem)
        : bins(smem), thread(ptx::thread_index()), lane(thread % 32), warp(thread / 32) {}

    /// All threads: empties all bins.
    DEEPGEMM_DEVICE void clear() const { ptx::st_shared(mine(), ptx::vec4<u32>{0, 0, 0, 0}); }
    /// Any thread: counts a number.
    DEEPGEMM_DEVICE void count(u32 number) const { ptx::increment_shared(address(number)); }
    DEEPGEMM_DEVICE u32 address(u32 bin) const { return bins + 4 * bin; }

    /// The own bins from the highest to the lowest; thread 0 has the highest ones.
    struct four {
        u32 count[4];
        DEEPGEMM_DEVICE u32 sum() const { return count[0] + count[1] + count[2] + count[3]; }
    };
    DEEPGEMM_DEVICE u32 highest() const { return count_of_bins - 1 - 4 * thread; }
    DEEPGEMM_DEVICE four own() const {
        const auto words = ptx::ld_shared<ptx::vec4<u32>>(mine());
        return {{words.w, words.z, words.y, words.x}};
    }
    DEEPGEMM_DEVICE void set_own(const four& to) const {
        ptx::st_shared(mine(), ptx::vec4<u32>{to.count[3], to.count[2], to.count[1], to.count[0]});
    }

    /// A number, how often it was counted, and how many larger ones were.
    struct place {
        u32 number, count, above;
    };
    /// All threads, after a barrier: the `wanted`th largest number that was counted. Empties the bins.
    DEEPGEMM_DEVICE place find(u32 wanted) const {
        const four mine = own();
        clear();
        const u32 sum = mine.sum(), before = sum_below(sum).before;
        if (before < wanted && wanted <= before + sum) {
            u32 above = before, number = highest(), count = mine.count[0];
            DEEPGEMM_UNROLL
            for (u32 j = 1; j < 4; ++j) {
                if (above + count < wanted) {
                    above += count;
                    count = mine.count[j];
                    number = highest() - j;
                }
            }
            ptx::st_shared(found(), ptx::vec4<u32>{number, count, above, 0});
        }
        ptx::sync_cta();
        const auto f = ptx::ld_shared<ptx::vec4<u32>>(found());
        return {f.x, f.y, f.z};
    }

    struct sum_of_threads {
        u32 before, all;
    };
    /// All threads: the sum of `value` over the threads below, and over all. It synchronises the CTA. Between two calls there
    /// is another barrier.
    DEEPGEMM_DEVICE sum_of_threads sum_below(u32 value) const {
        const u32 in_warp = ptx::inclusive_sum(value);
        if (lane == 31) ptx::st_shared(sums() + 4 * warp, in_warp);
        ptx::sync_cta();
        const u32 of_lane = lane < warps ? ptx::ld_shared<u32>(sums() + 4 * lane) : 0;
        return {ptx::reduce_add(lane < warp ? of_lane : 0) + in_warp - value, ptx::reduce_add(of_lane)};
    }
    /// All threads: the smallest value. Synchronises as sum_below() does.
    DEEPGEMM_DEVICE u32 smallest(u32 value) const {
        const u32 in_warp = ptx::reduce_min(value);
        if (lane == 0) ptx::st_shared(sums() + 4 * warp, in_warp);
        ptx::sync_cta();
        return ptx::reduce_min(lane < warps ? ptx::ld_shared<u32>(sums() + 4 * lane) : 0xffffffffu);
    }

private:
    DEEPGEMM_DEVICE u32 sums() const { return bins + 4 * count_of_bins; }
    DEEPGEMM_DEVICE u32 found() const { return sums() + 4 * warps; }
    DEEPGEMM_DEVICE u32 mine() const { return address(highest() - 3); }
};

}  // namespace deepgemm
