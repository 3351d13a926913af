// SPDX-License-Identifier: MIT
// Scores of queries and keys as a matrix of logits, the score_sink of the library: with a column for each key, or compressed.
#pragma once

#include <deepgemm/core/math.cuh>
#include <deepgemm/epilogue/logits.cuh>
#include <deepgemm/epilogue/score_sink.cuh>
#include <deepgemm/ptx/convert.cuh>
#include <deepgemm/ptx/fence.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/select.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/tma.cuh>
#include <deepgemm/ptx/vector.cuh>
#include <deepgemm/ptx/warp.cuh>

namespace deepgemm {

/// Stores scores as logits of type `T`, rounded to nearest even; of FP16, those beyond 65504 become infinite. `Hint` says how
/// long L2 should keep them. With evict_last, who reads them next finds them there, and as long as they fit, none go to memory
/// while keys come from it.
template <output_element T, logits_form Form = logits_form::full, ptx::cache_hint Hint = ptx::cache_hint::evict_normal>
struct store_logits {
    using element = T;
    using arguments = logits_arguments;
    static constexpr logits_form form = Form;
    static constexpr bool fills_outside = Form == logits_form::full;

    /// The keys of a range that count.
    DEEPGEMM_BOTH static constexpr i32 longest(const arguments& args, i32 keys) {
        return Form == logits_form::compressed && args.columns < keys ? args.columns : keys;
    }

    /// Where a thread stores the scores of `Count` queries.
    template <int Count>
    struct scores {
        T* at[Count];      ///< where the score of the current key goes
        i32 key[Count];    ///< the current one, counted from the first of a query's range
        u32 count[Count];  ///< of keys in that range
        i32 end[Count];    ///< the key after the last one, counted likewise; before all keys if there is no such query

        /// Any thread: stores the scores of the key `ahead` of the current one.
        DEEPGEMM_DEVICE void take(i32 ahead, const float (&score)[Count]) const {
            DEEPGEMM_UNROLL
            for (int i = 0; i < Count; ++i) {
                const bool inside = u32(key[i] + ahead) < count[i];
                if constexpr (Form == logits_form::full) {
                    const float value = ptx::select(inside, score[i], minus_infinity);
                    store(key[i] + ahead < end[i], at[i] + ahead, rounded(value));
                } else {
                    store(inside, at[i] + ahead, rounded(score[i]));
                }
            }
        }
        /// Any thread: makes the key that is `by` ahead the current one.
        DEEPGEMM_DEVICE void advance(i32 by) {
            DEEPGEMM_UNROLL
            for (int i = 0; i < Count; ++i) {
                at[i] += by;
                key[i] += by;
            }
        }
    };

    /// Any thread: begins with key `key` of its queries. `keys` is how many keys there are.
    template <int Count>
    DEEPGEMM_DEVICE static scores<Count> open(const arguments& args, i32 keys, const scored_query (&queries)[Count],
                                              i32 key) {
        scores<Count> s;
        DEEPGEMM_UNROLL
        for (int i = 0; i < Count; ++i) {
            const auto& of = queries[i];
            const i32 shift = Form == logits_form::compressed ? of.range.first : 0;
            s.at[i] = static_cast<T*>(args.logits) + (of.query * args.pitch + (key - shift));
            s.key[i] = key - of.range.first;
            s.count[i] = of.exists ? u32(of.range.last - of.range.first) : 0;
            s.end[i] = of.exists ? keys - of.range.first : lowest;
        }
        return s;
    }

    /// Whole warp: minus infinity for all keys of query `query` but `scored`, those which are passed to take().
    DEEPGEMM_DEVICE static void fill_outside(const arguments& args, i32 keys, i32 query, key_range scored) {
        fill_around(args, keys, query, scored, [](T* to, i32 first, i32 end) { fill_whole(to, first, end); });
    }

    /// Minus infinity in shared memory of a warp, for copies to where nobody scores. Math warps lose less by these than by
    /// stores.
    struct filler {
        static constexpr u32 bytes = 2048;  ///< at a multiple of 16
        u32 data;                           ///< shared address

        /// Whole warp: fills the `bytes` bytes at shared address `data`.
        DEEPGEMM_DEVICE static filler at(u32 data) {
            for (u32 i = ptx::lane_index() * 16; i < bytes; i += 32 * 16) ptx::st_shared(data + i, four_words());
            ptx::fence_proxy_async();
            ptx::sync_warp();
            return {data};
        }
        /// Whole warp: as the other fill_outside(). Waits until the copies have been read.
        DEEPGEMM_DEVICE void fill_outside(const arguments& args, i32 keys, i32 query, key_range scored) const {
            const u32 from = data;
            fill_around(args, keys, query, scored, [from](T* to, i32 first, i32 end) {
                constexpr u32 in_copy = bytes / sizeof(T);
                const u32 last = u32(end);  // a step past 2^31 - 1 elements takes all 32 bits
                for (u32 i = u32(first) + ptx::lane_index() * in_copy; i < last; i += 32 * in_copy)
                    ptx::bulk_store(to + i, from, min(last - i, in_copy) * u32(sizeof(T)));
                ptx::bulk_commit();
                ptx::bulk_wait_read<0>();
            });
        }
    };

private:
    static constexpr float minus_infinity = bit_cast<float>(0xff800000u);
    static constexpr i32 lowest = i32(0x80000000u);

    DEEPGEMM_DEVICE static void store(bool wanted, T* to, T value) {
        if constexpr (Hint == ptx::cache_hint::evict_normal) {
            ptx::st_global_if(wanted, to, value);
        } else {
            ptx::st_global_if(wanted, to, value, Hint);
        }
    }
    DEEPGEMM_DEVICE static T rounded(float value) {
        if constexpr (same_as<T, float>) {
            return value;
        } else {
            return bit_cast<T>(u16(ptx::pack<T>(value, 0.0f)));
        }
    }
    /// 16 bytes of minus infinity.
    DEEPGEMM_DEVICE static ptx::vec4<u32> four_words() {
        const T element = rounded(minus_infinity);
        u32 word;
        if constexpr (sizeof(T) == 4) {
            word = bit_cast<u32>(element);
        } else {
            word = bit_cast<u16>(element) * 0x10001u;
        }
        return {word, word, word, word};
    }
    /// Whole warp: minus infinity for all keys of a query but `scored`. `whole(to, first, end)` writes elements
    /// `first` to `end` of `to`, whole pieces of 16 bytes.
    template <class Whole>
    DEEPGEMM_DEVICE static void fill_around(const arguments& args, i32 keys, i32 query, key_range scored,
                                            const Whole& whole) {
        T* const row = static_cast<T*>(args.logits) + query * args.pitch;
        fill(row, min(scored.first, keys), whole);
        fill(row + min(scored.last, keys), keys - min(scored.last, keys), whole);
    }
    /// Whole warp: minus infinity to `count` elements from `to` on, with `whole` but for the ends.
    template <class Whole>
    DEEPGEMM_DEVICE static void fill(T* to, i32 count, const Whole& whole) {
        constexpr i32 in_store = i32(16 / sizeof(T));
        const T element = rounded(minus_infinity);
        const i32 lane = i32(ptx::lane_index());
        const i32 misplaced = i32(reinterpret_cast<u64>(to) / sizeof(T) % u64(in_store));
        const i32 head = min((in_store - misplaced) % in_store, count),
                  end = head + (count - head) / in_store * in_store;
        if (lane < head) ptx::st_global(to + lane, element);
        whole(to, head, end);
        if (lane < count - end) ptx::st_global(to + end + lane, element);
    }
    /// Whole warp: elements `first` to `end` of `to`, in stores of 16 bytes.
    DEEPGEMM_DEVICE static void fill_whole(T* to, i32 first, i32 end) {
        constexpr u32 in_store = 16 / sizeof(T);
        const auto words = four_words();
        // The warp has few registers.
        DEEPGEMM_NO_UNROLL
        for (u32 i = u32(first) + ptx::lane_index() * in_store; i < u32(end); i += 32 * in_store) {
            ptx::st_global(reinterpret_cast<ptx::vec4<u32>*>(to + i), words);
        }
    }
};

static_assert(score_sink<store_logits<float>> && score_sink<store_logits<bf16, logits_form::compressed>>);

}  // namespace deepgemm
