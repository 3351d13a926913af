// SPDX-License-Identifier: MIT
// What a CTA does to select the largest elements of a row; kernel/topk.cuh says how and is the kernel.
#pragma once

#include <deepgemm/kernel/topk_row.cuh>
#include <deepgemm/kernel/topk_sort.cuh>
#include <deepgemm/pipeline/storage.cuh>

namespace deepgemm {

/// A CTA that selects elements of type `T`. Every thread has one.
template <class T, topk_config Config>
struct topk_cta {
    using row = topk_row<T>;
    static constexpr u32 threads = 512, warps = threads / 32;
    /// Elements of a row that are sorted, at most.
    static constexpr u32 capacity = 4096;
    static constexpr u32 in_piece = row::in_piece, digit_bits = 11;

    struct chosen_region {};
    struct bins_region {};
    struct words_region {};
    /// Chosen elements; counts of a digit's values; sums of the warps, what is found in the counts, two counters.
    using layout = smem_regions<region<chosen_region, capacity * 8>, region<bins_region, (4u << digit_bits)>,
                                region<words_region, 4 * (warps + 8)>>;

    /// All threads, once, with the address of layout::bytes(0) bytes of shared memory.
    DEEPGEMM_DEVICE explicit topk_cta(u32 smem)
        : chosen(layout::template address_of<chosen_region, 0>(smem)),
          bins(layout::template address_of<bins_region, 0>(smem)),
          sums(layout::template address_of<words_region, 0>(smem)),
          found(sums + 4 * warps),
          counters(found + 16),
          thread(ptx::thread_index()),
          lane(ptx::lane_index()),
          warp(ptx::warp_index()) {
        ptx::st_shared(bins + 16 * thread, ptx::vec4<u32>{0, 0, 0, 0});
    }

    /// All threads: one row.
    DEEPGEMM_DEVICE void select(const topk_arguments& p, i32 i) const {
        const row r = row::of(p, i);
        if (thread < 2) ptx::st_shared(counters + 4 * thread, 0u);
        ptx::sync_cta();
        const u32 wanted = min(u32(p.k), r.count);
        u32 count = 0;
        if (wanted != 0) {
            count = collect(r, counters, passes_float{float_of_sample(r, wanted)});
            if (count < wanted || count > capacity) {
                const auto visit = [&](const auto& take) { r.visit(thread, threads, take); };
                const u64 least = digits(visit, r.key_bits(), wanted, capacity, 64);
                count = collect(r, counters + 4, passes_key{r, least});
            }
        }
        if (count <= 2 * threads) {
            sort<2>(r, count);
        } else if (count <= 4 * threads) {
            sort<4>(r, count);
        } else {
            sort<8>(r, count);
        }
        store(p, i, r, count);
        ptx::sync_cta();
    }

private:
    u32 chosen, bins, sums, found, counters;  ///< shared addresses
    u32 thread, lane, warp;

    // ---- the threshold

    /// All threads: a value that probably at least `wanted` elements of the row are not below, and not many more; NaN if all
    /// elements shall pass.
    DEEPGEMM_DEVICE float float_of_sample(const row& r, u32 wanted) const {
        constexpr float all = bit_cast<float>(0x7fffffffu);
        constexpr u32 few = threads * 2;  // sorted at once
        if (r.count <= few || r.count == wanted) return all;
        const u32 size = r.sample_size(Config.sampled);
        // So many elements of the sample, and a margin of four times the deviation that chance explains.
        const u32 expected = u32(u64(wanted) * size / r.count), target = expected + expected / 6 + 32;
        if (target >= size) return all;
        const auto visit = [&](const auto& take) { r.visit_pieces(thread, threads, Config.sampled, take); };
        return r.value_of(digits(visit, r.key_bits(), target, target + target / 16, 2));
    }

    /// All threads: the largest number, of trailing zero bits, that at least `wanted` of the keys that `visit` passes to a function
    /// reach. It looks at up to `most` digits, and at no more where at most `enough` keys reach the number. There are `wanted` keys.
    template <class Visit>
    DEEPGEMM_DEVICE u64 digits(const Visit& visit, u32 bits, u32 wanted, u32 enough, int most) const {
        u64 prefix = 0;
        u32 above = 0;
        DEEPGEMM_NO_UNROLL
        for (int i = 0; i < most && bits != 0; ++i) {
            const u32 width = min(bits, digit_bits);
            const u32 before = bits;
            bits -= width;
            visit([&](u64 key) {
                if (key >> before != prefix) return;
                ptx::increment_shared(bins + 4 * (u32(key >> bits) & ((1u << width) - 1)));
            });
            ptx::sync_cta();
            const bin b = find_bin(wanted - above);
            prefix = prefix << width | b.digit;
            above += b.above;
            if (above + b.count <= enough) break;
        }
        return prefix << bits;
    }

    /// A digit, how many of the counted ones have it, and how many a larger one.
    struct bin {
        u32 digit, count, above;
    };
    /// All threads: the digit of the `wanted`th largest key that is counted in the bins; it clears them.
    DEEPGEMM_DEVICE bin find_bin(u32 wanted) const {
        static_assert(threads * 4 == 1u << digit_bits, "topk: a thread has four bins");
        const u32 highest = (threads - 1 - thread) * 4 + 3;
        const auto mine = ptx::ld_shared<ptx::vec4<u32>>(bins + (highest - 3) * 4);
        ptx::st_shared(bins + (highest - 3) * 4, ptx::vec4<u32>{0, 0, 0, 0});
        const u32 own = mine.x + mine.y + mine.z + mine.w;
        const u32 before = exclusive_sum(own);
        if (before < wanted && wanted <= before + own) {
            const u32 counts[4] = {mine.w, mine.z, mine.y, mine.x};
            u32 above = before, digit = highest, count = counts[0];
            DEEPGEMM_UNROLL
            for (u32 j = 1; j < 4; ++j) {
                if (above + count < wanted) {
                    above += count;
                    count = counts[j];
                    digit = highest - j;
                }
            }
            ptx::st_shared(found, ptx::vec4<u32>{digit, count, above, 0});
        }
        ptx::sync_cta();
        const auto f = ptx::ld_shared<ptx::vec4<u32>>(found);
        return {f.x, f.y, f.z};
    }

    /// All threads: the sum over the threads below. It synchronises the CTA.
    DEEPGEMM_DEVICE u32 exclusive_sum(u32 value) const {
        const u32 in_warp = ptx::inclusive_sum(value);
        if (lane == 31) ptx::st_shared(sums + 4 * warp, in_warp);
        ptx::sync_cta();
        const u32 of_lane = lane < warps ? ptx::ld_shared<u32>(sums + 4 * lane) : 0;
        return ptx::reduce_add(lane < warp ? of_lane : 0) + in_warp - value;
    }

    // ---- collecting

    /// Passes NaN and what is not below a value.
    struct passes_float {
        float least;
        DEEPGEMM_DEVICE bool operator()(float value, u32) const { return !(value < least); }
    };
    /// Passes keys that are not below one.
    struct passes_key {
        const row& r;
        u64 least;
        DEEPGEMM_DEVICE bool operator()(float value, u32 index) const { return r.key(value, index) >= least; }
    };

    /// All threads: stores the elements that pass, in any order, and returns how many there are. Those of a row of which more than
    /// the capacity pass are not all stored. It synchronises the CTA. The counter is 0.
    template <class Passes>
    DEEPGEMM_DEVICE u32 collect(const row& r, u32 counter, const Passes& passes) const {
        constexpr u32 vectors = Config.vectors, step = 32 * vectors;
        DEEPGEMM_NO_UNROLL
        for (u32 from = warp * step; from < r.pieces; from += warps * step) {
            typename row::piece loaded[vectors];
            DEEPGEMM_UNROLL
            for (u32 j = 0; j < vectors; ++j) {
                const u32 at = from + 32 * j + lane;
                if (at < r.pieces) loaded[j] = r.load(at);
            }
            float value[vectors * in_piece] = {};
            u32 passing = 0;
            DEEPGEMM_UNROLL
            for (u32 j = 0; j < vectors; ++j) {
                const u32 at = from + 32 * j + lane;
                if (at >= r.pieces) continue;
                row::unpack(loaded[j], value + j * in_piece);
                DEEPGEMM_UNROLL
                for (u32 e = 0; e < in_piece; ++e) {
                    if (passes(value[j * in_piece + e], r.index_of(at) + e)) passing |= 1u << (j * in_piece + e);
                }
            }
            append(counter, passing, value,
                   [&](u32 e) { return r.index_of(from + e / in_piece * 32 + lane) + e % in_piece; });
        }
        if (warp == 0) {
            const u32 at = r.edge(lane);
            const float value[1] = {at < r.count ? r.value(at) : 0.0f};
            append(counter, at < r.count && passes(value[0], at) ? 1u : 0u, value, [&](u32) { return at; });
        }
        ptx::sync_cta();
        return ptx::ld_shared<u32>(counter);
    }

    /// Whole warp: stores those of each lane's values that `passing` has a bit for, with their indices.
    template <u32 Count, class Index>
    DEEPGEMM_DEVICE void append(u32 counter, u32 passing, const float (&value)[Count], const Index& index) const {
        const u32 own = ptx::count_bits(passing), up_to = ptx::inclusive_sum(own), all = ptx::shuffle(up_to, 31);
        if (all == 0) return;
        u32 start = 0;
        if (lane == 0) start = ptx::fetch_add_shared(counter, all);
        start = ptx::shuffle(start, 0);
        if (start + all > capacity) return;
        u32 to = chosen + 8 * (start + up_to - own);
        DEEPGEMM_UNROLL
        for (u32 e = 0; e < Count; ++e) {
            if ((passing >> e & 1) == 0) continue;
            ptx::st_shared(to, ptx::vec2<u32>{bit_cast<u32>(value[e]), index(e)});
            to += 8;
        }
    }

    // ---- order

    /// All threads: replaces the `count` chosen elements, at most `Each` for each thread, by their keys from high to low, and zeros
    /// behind them.
    template <int Each>
    DEEPGEMM_DEVICE void sort(const row& r, u32 count) const {
        u64 key[Each];
        DEEPGEMM_UNROLL
        for (u32 e = 0; e < Each; ++e) {
            const u32 at = e * threads + thread;
            key[e] = 0;  // below all keys
            if (at < count) {
                const auto of = ptx::ld_shared<ptx::vec2<u32>>(chosen + 8 * at);
                key[e] = r.key(bit_cast<float>(of.x), of.y);
            }
        }
        ptx::sync_cta();
        topk_sort<Each, threads>::descending(key, chosen);
        DEEPGEMM_UNROLL
        for (u32 e = 0; e < Each; ++e) ptx::st_shared(chosen + 8 * (thread * Each + e), key[e]);
        ptx::sync_cta();
    }

    /// All threads: writes a row of the result from `count` sorted keys.
    DEEPGEMM_DEVICE void store(const topk_arguments& p, i32 i, const row& r, u32 count) const {
        i32* const indices = p.indices + i * p.indices_pitch;
        float* const scores = p.scores == nullptr ? nullptr : p.scores + i * p.scores_pitch;
        for (u32 at = thread; at < u32(p.k); at += threads) {
            const bool exists = at < count;
            const u64 key = exists ? ptx::ld_shared<u64>(chosen + 8 * at) : 0;
            ptx::st_global(indices + at, exists ? r.first + i32(r.index_of_key(key)) : -1);
            if (scores != nullptr) ptx::st_global(scores + at, exists ? r.value_of(key) : bit_cast<float>(0xff800000u));
        }
    }
};

}  // namespace deepgemm
