// SPDX-License-Identifier: MIT
// Scores of queries and keys as a matrix of logits, the score_sink of the library: with a column for each key, or compressed.
#pragma once

#include <deepgemm/core/math.cuh>
#include <deepgemm/epilogue/logits.cuh>
#include <deepgemm/epilogue/score_sink.cuh>
#include <deepgemm/ptx/convert.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/select.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/vector.cuh>

namespace deepgemm {

/// Stores scores as logits of type `T`, rounded to nearest even; of FP16, those beyond 65504 become infinite. If `Kept`, L2 keeps
/// scores for who reads them next, and as long as there is room, memory has not to write them while keys are read.
template <output_element T, logits_form Form = logits_form::full, bool Kept = false>
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
        T* const row = static_cast<T*>(args.logits) + query * args.pitch;
        fill(row, min(scored.first, keys));
        fill(row + min(scored.last, keys), keys - min(scored.last, keys));
    }

private:
    static constexpr float minus_infinity = bit_cast<float>(0xff800000u);
    static constexpr i32 lowest = i32(0x80000000u);

    DEEPGEMM_DEVICE static void store(bool wanted, T* to, T value) {
        if constexpr (Kept) {
            ptx::st_global_kept_if(wanted, to, value);
        } else {
            ptx::st_global_if(wanted, to, value);
        }
    }
    DEEPGEMM_DEVICE static T rounded(float value) {
        if constexpr (same_as<T, float>) {
            return value;
        } else {
            return bit_cast<T>(u16(ptx::pack<T>(value, 0.0f)));
        }
    }
    /// Whole warp: minus infinity to `count` elements from `to` on, in stores of 16 bytes but for the ends.
    DEEPGEMM_DEVICE static void fill(T* to, i32 count) {
        constexpr i32 in_store = i32(16 / sizeof(T)), step = 32 * in_store;
        const T element = rounded(minus_infinity);
        u32 word;
        if constexpr (sizeof(T) == 4) {
            word = bit_cast<u32>(element);
        } else {
            word = bit_cast<u16>(element) * 0x10001u;
        }
        const i32 lane = i32(ptx::lane_index());
        const i32 misplaced = i32(reinterpret_cast<u64>(to) / sizeof(T) % u64(in_store));
        const i32 head = min((in_store - misplaced) % in_store, count),
                  end = head + (count - head) / in_store * in_store;
        if (lane < head) ptx::st_global(to + lane, element);
        DEEPGEMM_NO_UNROLL  // since the warp has few registers
            for (i32 i = head + lane * in_store; i < end; i += step) {
            ptx::st_global(reinterpret_cast<ptx::vec4<u32>*>(to + i), ptx::vec4<u32>{word, word, word, word});
        }
        if (lane < count - end) ptx::st_global(to + end + lane, element);
    }
};

static_assert(score_sink<store_logits<float>> && score_sink<store_logits<bf16, logits_form::compressed>>);

}  // namespace deepgemm
