// SPDX-License-Identifier: MIT
// What a CTA does to select the largest elements of a row; kernel/topk.cuh says how and is the kernel.
#pragma once

#include <deepgemm/kernel/topk_bins.cuh>
#include <deepgemm/kernel/topk_buckets.cuh>
#include <deepgemm/kernel/topk_row.cuh>
#include <deepgemm/kernel/topk_sort.cuh>
#include <deepgemm/pipeline/storage.cuh>

namespace deepgemm {

/// A CTA that selects elements of type `T`.
template <class T, topk_config Config>
struct topk_cta {
    using row = topk_row<T>;
    static constexpr u32 threads = 512, warps = threads / 32;
    /// Elements of a row that are sorted, at most.
    static constexpr u32 capacity = 4096;
    static constexpr u32 in_piece = row::in_piece;

    struct chosen_region {};
    struct bins_region {};
    struct counters_region {};
    using bins_of_cta = topk_bins<threads>;
    /// Chosen elements, counts of them by some of their bits, and how many are chosen.
    using layout = smem_regions<region<chosen_region, capacity * 8>, region<bins_region, bins_of_cta::bytes>,
                                region<counters_region, 8>>;

    /// All threads, once, with the address of layout::bytes(0) bytes of shared memory.
    DEEPGEMM_DEVICE explicit topk_cta(u32 smem)
        : chosen(layout::template address_of<chosen_region, 0>(smem)),
          counters(layout::template address_of<counters_region, 0>(smem)),
          bins(layout::template address_of<bins_region, 0>(smem)) {
        bins.clear();
    }

    /// All threads: one row.
    DEEPGEMM_DEVICE void select(const topk_arguments& p, i32 i) const {
        const row r = row::of(p, i);
        // With one row for each CTA nothing else keeps memory busy while the sample is looked at.
        if (bins.thread == threads - 1 && p.rows <= i32(ptx::cta_count())) r.prefetch(0, 1 << 16);
        if (bins.thread < 2) ptx::st_shared(counters + 4 * bins.thread, 0u);
        ptx::sync_cta();
        const u32 wanted = min(u32(p.k), r.count);
        u32 count = 0;
        if (wanted != 0) {
            count = collect(r, counters, passes_float{float_of_sample(r, wanted)});
            if (count < wanted || count > capacity) {
                const u64 least = digits(whole_row{r, bins.thread}, r.key_bits(), wanted, capacity, 64);
                count = collect(r, counters + 4, passes_key{r, least});
            }
        }
        const result_row to{p, i, r, wanted};
        if (count <= 2 * threads) {
            sort<2>(r, count, to);
        } else if (count <= 4 * threads) {
            sort<4>(r, count, to);
        } else {
            sort<8>(r, count, to);
        }
        for (u32 at = wanted + bins.thread; at < u32(p.k); at += threads) to.none(at);
        ptx::sync_cta();
    }

private:
    u32 chosen, counters;  ///< shared addresses
    bins_of_cta bins;

    // ---- the threshold

    /// Passes the keys of a row to a function, each of them from one thread, or those of a sample. Types, since NVRTC takes a
    /// lambda that is a template for a function of the host.
    struct whole_row {
        const row& r;
        u32 thread;
        template <class Take>
        DEEPGEMM_DEVICE void operator()(const Take& take) const {
            r.visit(thread, threads, take);
        }
    };
    struct sample {
        const row& r;
        u32 thread;
        template <class Take>
        DEEPGEMM_DEVICE void operator()(const Take& take) const {
            r.visit_pieces(thread, threads, Config.sampled, take);
        }
    };

    /// All threads: a value that probably at least `wanted` elements of the row are not below, and not many more; NaN if all
    /// elements shall pass.
    DEEPGEMM_DEVICE float float_of_sample(const row& r, u32 wanted) const {
        constexpr float all = bit_cast<float>(0x7fffffffu);
        if (r.count <= capacity) return all;
        const u32 size = r.sample_size(Config.sampled);
        // So many elements of the sample, and a margin of four times the deviation that chance explains.
        const u32 expected = u32(u64(wanted) * size / r.count), target = expected + expected / 6 + 32;
        if (target >= size) return all;  // too thin a sample; the pass then finds too many
        return r.value_of(digits(sample{r, bins.thread}, r.key_bits(), target, target + target / 16, 2));
    }

    /// All threads: the largest number, of trailing zero bits, that at least `wanted` of the keys that `visit` passes to a
    /// function reach. It looks at up to `most` digits, and at no more where at most `enough` keys reach the number. There are
    /// `wanted` keys.
    template <class Visit>
    DEEPGEMM_DEVICE u64 digits(const Visit& visit, u32 bits, u32 wanted, u32 enough, int most) const {
        u64 prefix = 0;
        u32 above = 0;
        DEEPGEMM_NO_UNROLL
        for (int i = 0; i < most && bits != 0; ++i) {
            const u32 width = min(bits, bins_of_cta::digit_bits), before = bits;
            bits -= width;
            visit([&](u64 key) {
                if (key >> before == prefix) bins.count(u32(key >> bits) & ((1u << width) - 1));
            });
            ptx::sync_cta();
            const auto b = bins.find(wanted - above);
            prefix = prefix << width | b.number;
            above += b.above;
            if (above + b.count <= enough) break;
        }
        return prefix << bits;
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

    /// All threads: stores the elements that pass, in any order, and returns how many there are. Those of a row of which more
    /// than the capacity pass are not all stored. It synchronises the CTA. The counter is 0.
    template <class Passes>
    DEEPGEMM_DEVICE u32 collect(const row& r, u32 counter, const Passes& passes) const {
        constexpr u32 vectors = Config.vectors, step = 32 * vectors;
        DEEPGEMM_NO_UNROLL
        for (u32 from = bins.warp * step; from < r.pieces(); from += warps * step) {
            typename row::piece loaded[vectors];
            DEEPGEMM_UNROLL
            for (u32 j = 0; j < vectors; ++j) loaded[j] = r.load(from + 32 * j + bins.lane);
            u32 passing = 0;
            DEEPGEMM_UNROLL
            for (u32 j = 0; j < vectors; ++j) {
                const u32 at = from + 32 * j + bins.lane;
                if (at >= r.pieces()) continue;
                DEEPGEMM_UNROLL
                for (u32 e = 0; e < in_piece; ++e) {
                    if (passes(row::value(loaded[j], e), r.index_of(at) + e)) passing |= 1u << (j * in_piece + e);
                }
            }
            append<vectors * in_piece>(counter, passing, [&](u32 e) {
                return ptx::vec2<u32>{bit_cast<u32>(row::value(loaded[e / in_piece], e % in_piece)),
                                      r.index_of(from + e / in_piece * 32 + bins.lane) + e % in_piece};
            });
        }
        if (bins.warp == 0) {
            const u32 at = r.edge(bins.lane);
            const float value = at < r.count ? r.value(at) : 0.0f;
            append<1>(counter, at < r.count && passes(value, at) ? 1u : 0u, [&](u32) {
                return ptx::vec2<u32>{bit_cast<u32>(value), at};
            });
        }
        ptx::sync_cta();
        return ptx::ld_shared<u32>(counter);
    }

    /// Whole warp: stores those of each lane's `Count` elements that `passing` has a bit for. `element` gives them.
    template <u32 Count, class Element>
    DEEPGEMM_DEVICE void append(u32 counter, u32 passing, const Element& element) const {
        const u32 own = ptx::count_bits(passing), up_to = ptx::inclusive_sum(own), all = ptx::shuffle(up_to, 31);
        if (all == 0) return;
        u32 start = 0;
        if (bins.lane == 0) start = ptx::fetch_add_shared(counter, all);
        start = ptx::shuffle(start, 0);
        if (start + all > capacity) return;
        u32 to = chosen + 8 * (start + up_to - own);
        DEEPGEMM_UNROLL
        for (u32 e = 0; e < Count; ++e) {
            if ((passing >> e & 1) == 0) continue;
            ptx::st_shared(to, element(e));
            to += 8;
        }
    }

    // ---- order

    /// A row of the result, of which `wanted` elements are found.
    struct result_row {
        const topk_arguments& p;
        i32 i;
        const row& from;
        u32 wanted;

        /// Any thread: writes the element at a place.
        DEEPGEMM_DEVICE void operator()(u32 place, u64 key) const {
            write(place, from.first + i32(from.index_of_key(key)), from.value_of(key));
        }
        /// Any thread: writes that there is none.
        DEEPGEMM_DEVICE void none(u32 place) const { write(place, -1, bit_cast<float>(0xff800000u)); }

    private:
        DEEPGEMM_DEVICE void write(u32 place, i32 index, float score) const {
            ptx::st_global(p.indices + (i * p.indices_pitch + place), index);
            if (p.scores != nullptr) ptx::st_global(p.scores + (i * p.scores_pitch + place), score);
        }
    };
    /// All threads: writes the first of the `count` chosen elements, at most `Each` for each thread, in their order.
    template <int Each>
    DEEPGEMM_DEVICE void sort(const row& r, u32 count, const result_row& to) const {
        u64 key[Each];
        DEEPGEMM_UNROLL
        for (u32 e = 0; e < Each; ++e) {
            const u32 at = e * threads + bins.thread;
            key[e] = 0;  // below all keys
            if (at < count) {
                const auto of = ptx::ld_shared<ptx::vec2<u32>>(chosen + 8 * at);
                key[e] = r.key(bit_cast<float>(of.x), of.y);
            }
        }
        if (topk_buckets<Each, threads>::descending(bins, key, count, to.wanted, r, count == r.count, chosen, to))
            return;
        topk_sort<Each, threads>::descending(key, chosen);
        DEEPGEMM_UNROLL
        for (u32 e = 0; e < Each; ++e) {
            const u32 place = bins.thread * Each + e;
            if (place < to.wanted) to(place, key[e]);
        }
    }
};

}  // namespace deepgemm
