// SPDX-License-Identifier: MIT
// A sort of 64-bit keys by buckets, for keys that are spread evenly enough: each goes to a bucket by its leading bits, and its
// place among the few of its bucket follows from comparing it with all of them.
#pragma once

#include <deepgemm/core/math.cuh>
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

    /// All threads: passes the `wanted` largest of `count` keys, key e of thread t being number e * Threads + t, to `give`,
    /// each with its place from 0 on, from any thread. False, and nothing is given, if a bucket has too many. `row` knows the
    /// values of keys; `whole` says that these are spread as those of a whole row are, and not its largest ones. `smem` has 8
    /// bytes for each key, which any thread may still read when it calls. Another barrier comes before the next use of the
    /// bins.
    template <class Row, class Give>
    DEEPGEMM_DEVICE static bool descending(const bins_of_cta& bins, u64 (&key)[Each], u32 count, u32 wanted,
                                           const Row& row, bool whole, u32 smem, const Give& give) {
        if (whole) {
            by_value<Row> map{row};
            if (map.fits(bins, key, count) && sorted(bins, key, count, wanted, map, smem, give)) return true;
            ptx::sync_cta();
        }
        return sorted(bins, key, count, wanted, by_key(bins, key, count, row.index_bits()), smem, give);
    }

private:
    /// Values to buckets, all equally wide: for numbers on both sides of 0, of which most are far from it.
    template <class Row>
    struct by_value {
        const Row& row;
        float lowest = 0, scale = 0;

        /// All threads: finds the range of finite values; false if there is none.
        DEEPGEMM_DEVICE bool fits(const bins_of_cta& bins, const u64 (&key)[Each], u32 count) {
            u32 low = 0xffffffffu, high = 0xffffffffu;  // complement of the largest
            for_each(bins, count, [&](u32 e) {
                const u32 value = u32(key[e] >> row.index_bits());
                if (!row.finite(key[e])) return;
                low = min(low, value);
                high = min(high, ~value);
            });
            low = bins.smallest(low);
            ptx::sync_cta();
            high = ~bins.smallest(high);
            ptx::sync_cta();
            if (low >= high) return false;
            lowest = row.value_of(u64(low) << row.index_bits());
            const float width = row.value_of(u64(high) << row.index_bits()) - lowest;
            scale = float(buckets - 1) / width;
            return width > 1e-30f && width < 3e38f;
        }
        /// Not lower for a larger key: each operation rounds a larger number to one that is not smaller.
        DEEPGEMM_DEVICE u32 bucket(u64 key) const {
            const float at = (row.value_of(key) - lowest) * scale;
            return at < float(buckets - 1) ? u32(max(at, 0.0f)) : buckets - 1;  // NaN: the highest
        }
    };

    /// All threads: descending() by one mapping of keys to buckets.
    template <class Mapping, class Give>
    DEEPGEMM_DEVICE static bool sorted(const bins_of_cta& bins, u64 (&key)[Each], u32 count, u32 wanted,
                                       const Mapping& map, u32 smem, const Give& give) {
        for_each(bins, count, [&](u32 e) { bins.count(map.bucket(key[e])); });
        ptx::sync_cta();
        if (!find_starts(bins, wanted)) {
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

    /// Keys to buckets: those from `base` on, `1 << shift` for each bucket. For the largest elements of a row.
    struct keys_from {
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

    /// All threads: the finest mapping that leaves few keys above the buckets. The bins count how long the keys are, in bits
    /// from the lowest key on, apart for each lane: many have the same length.
    DEEPGEMM_DEVICE static keys_from by_key(const bins_of_cta& bins, const u64 (&key)[Each], u32 count, u32 low_bits) {
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

    /// All threads: replaces the count of each bucket by the place of its first key; false if one of which keys are wanted
    /// has too many.
    DEEPGEMM_DEVICE static bool find_starts(const bins_of_cta& bins, u32 wanted) {
        const auto mine = bins.own();
        auto starts = mine;
        u32 next = bins.sum_below(mine.sum()).before;
        bool crowded = false;
        DEEPGEMM_UNROLL
        for (u32 j = 0; j < 4; ++j) {
            starts.count[j] = next;
            crowded |= next < wanted && mine.count[j] > most_in_bucket;
            next += mine.count[j];
        }
        bins.set_own(starts);
        ptx::sync_cta();
        return bins.smallest(crowded ? 0 : 1) == 1;
    }

    /// Any thread: the place of a key of a bucket; `wanted` or more if it is not below that. Each bin holds where its bucket
    /// ends, and so where the next lower one starts.
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
