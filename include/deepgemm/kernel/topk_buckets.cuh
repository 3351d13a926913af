// SPDX-License-Identifier: MIT
// A sort of 64-bit keys by buckets, for keys that are spread evenly enough: each goes to a bucket by its leading bits, and its place
// among the few of its bucket follows from comparing it with all of them.
#pragma once

#include <deepgemm/kernel/topk_bins.cuh>

namespace deepgemm {

/// Sorts up to `Each` keys of each of `Threads` threads. The keys are all different.
template <int Each, u32 Threads>
struct topk_buckets {
    using bins_of_cta = topk_bins<Threads>;
    static constexpr u32 buckets = bins_of_cta::count_of_bins;
    /// Most keys of a bucket. Comparing more of them would take longer than a sort that does not depend on keys.
    static constexpr u32 most_in_bucket = 64;
    /// Keys that may lie above all buckets, and go to the highest one: a few large ones must not make the others' buckets wide.
    static constexpr u32 most_above = 32;

    /// All threads: passes the `wanted` largest of `count` keys, key e of thread t being number e * Threads + t, to `give`, each with
    /// its place from 0 on, from any thread. False, and nothing is given, if a bucket has too many. Bits of a key above the lowest
    /// `low_bits` fit into 32. `smem` has 8 bytes for each key, which any thread may still read when it calls. Another barrier comes
    /// before the next use of the bins.
    template <class Give>
    DEEPGEMM_DEVICE static bool descending(const bins_of_cta& bins, u64 (&key)[Each], u32 count, u32 wanted,
                                           u32 low_bits, u32 smem, const Give& give) {
        const mapping map = mapping_of(bins, key, count, low_bits);
        for_each(bins, count, [&](u32 e) { bins.count(map.bucket(key[e])); });
        ptx::sync_cta();
        if (!find_starts(bins)) {
            bins.clear();
            ptx::sync_cta();
            return false;
        }
        for_each(bins, count, [&](u32 e) {
            ptx::st_shared(smem + 8 * ptx::fetch_add_shared(bins.address(map.bucket(key[e])), 1), key[e]);
        });
        ptx::sync_cta();
        DEEPGEMM_NO_UNROLL
        for (u32 at = bins.thread; at < count; at += Threads) {
            const u64 mine = ptx::ld_shared<u64>(smem + 8 * at);
            const u32 place = place_of(bins, mine, map.bucket(mine), wanted, smem);
            if (place < wanted) give(place, mine);
        }
        ptx::sync_cta();
        bins.clear();
        return true;
    }

private:
    /// Keys to buckets: those from `base` on, `1 << shift` for each bucket.
    struct mapping {
        u64 base;
        u32 shift;
        DEEPGEMM_DEVICE u32 bucket(u64 key) const {
            const u64 at = (key - base) >> shift;
            return at < buckets ? u32(at) : buckets - 1;
        }
    };

    template <class Use>
    DEEPGEMM_DEVICE static void for_each(const bins_of_cta& bins, u32 count, const Use& use) {
        DEEPGEMM_UNROLL
        for (u32 e = 0; e < u32(Each); ++e) {
            if (e * Threads + bins.thread < count) use(e);
        }
    }

    /// All threads: the finest mapping that leaves few keys above the buckets. The bins count how long the keys are, in bits from the
    /// lowest key on, apart for each lane: many have the same length.
    DEEPGEMM_DEVICE static mapping mapping_of(const bins_of_cta& bins, const u64 (&key)[Each], u32 count,
                                              u32 low_bits) {
        u32 lowest = 0xffffffffu;
        for_each(bins, count, [&](u32 e) { lowest = min(lowest, u32(key[e] >> low_bits)); });
        const u64 base = u64(bins.smallest(lowest)) << low_bits;
        for_each(bins, count, [&](u32 e) { bins.count(ptx::bit_length(key[e] - base) * 32 + bins.lane); });
        ptx::sync_cta();
        DEEPGEMM_UNROLL
        for (u32 length = bins.warp; length < 64; length += bins_of_cta::warps) {
            const u32 of_lane = bins.address(length * 32 + bins.lane);
            const u32 all = ptx::reduce_add(ptx::ld_shared<u32>(of_lane));
            ptx::st_shared(of_lane, bins.lane == length % 32 ? all : 0u);
        }
        ptx::sync_cta();
        const u32 long_ones =
            ptx::inclusive_sum(ptx::ld_shared<u32>(bins.address((63 - bins.lane) * 32 + 31 - bins.lane)));
        const u32 others = ptx::inclusive_sum(ptx::ld_shared<u32>(bins.address((31 - bins.lane) * 33)));
        const u32 few = ptx::count_bits(ptx::ballot(long_ones <= most_above)) +
                        ptx::count_bits(ptx::ballot(ptx::shuffle(long_ones, 31) + others <= most_above));
        ptx::sync_cta();
        bins.clear();
        ptx::sync_cta();
        const u32 length = few < 64 ? 63 - few : 0;  // that nearly all keys do not exceed
        return {base, length > bins_of_cta::digit_bits ? length - bins_of_cta::digit_bits : 0};
    }

    /// All threads: replaces the count of each bucket by the place of its first key; false if one has too many.
    DEEPGEMM_DEVICE static bool find_starts(const bins_of_cta& bins) {
        const auto mine = bins.own();
        bool crowded = false;
        DEEPGEMM_UNROLL
        for (const u32 c : mine.count) crowded |= c > most_in_bucket;
        constexpr u32 flag = 1u << 16;  // above all counts
        const auto sum = bins.sum_below(mine.sum() + (crowded ? flag : 0));
        u32 next = sum.before % flag;
        auto starts = mine;
        DEEPGEMM_UNROLL
        for (u32 j = 0; j < 4; ++j) {
            starts.count[j] = next;
            next += mine.count[j];
        }
        bins.set_own(starts);
        ptx::sync_cta();
        return sum.all < flag;
    }

    /// Any thread: the place of a key of a bucket; `wanted` or more if it is not below that. Each bin holds where its bucket ends, and
    /// so where the next lower one starts.
    DEEPGEMM_DEVICE static u32 place_of(const bins_of_cta& bins, u64 key, u32 bucket, u32 wanted, u32 smem) {
        const u32 end = ptx::ld_shared<u32>(bins.address(bucket));
        u32 place = bucket + 1 == buckets ? 0 : ptx::ld_shared<u32>(bins.address(bucket + 1));
        if (place >= wanted) return place;
        DEEPGEMM_NO_UNROLL
        for (u32 at = place; at < end; ++at) place += ptx::ld_shared<u64>(smem + 8 * at) > key ? 1 : 0;
        return place;
    }
};

}  // namespace deepgemm
