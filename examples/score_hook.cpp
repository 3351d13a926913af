// SPDX-License-Identifier: MIT
// A hook into the scores of an indexer: what becomes of a score is a parameter of the kernel. The library's own sink stores
// logits. The one here stores nothing of the kind: for each query it counts the keys whose score exceeds a threshold, and keeps
// the best score. No logits are written, so that memory holds 8 bytes for each query, however many keys there are.
#include <deepgemm/kernel/mqa_logits.cuh>
#include <deepgemm/ptx/word.cuh>

#include <cmath>

#include "common/operands.hpp"

namespace dg = deepgemm;
namespace ptx = deepgemm::ptx;

// [sink]
/// Counts the keys above a threshold, and finds the best score, of each query. Both arrays must be 0 before.
struct count_and_best {
    struct arguments {
        float threshold;
        dg::u32* count;  ///< (queries)
        dg::u32* best;   ///< (queries): ordered() of the best score, 0 without keys
    };
    /// The bits of a float as an integer in the same order, above 0.
    DEEPGEMM_BOTH static constexpr dg::u32 ordered(float value) {
        const auto bits = dg::bit_cast<dg::u32>(value);
        return bits >> 31 != 0 ? ~bits : bits | 0x80000000u;
    }

    static constexpr bool fills_outside = false;
    DEEPGEMM_BOTH static constexpr dg::i32 longest(const arguments&, dg::i32 keys) { return keys; }
    /// What a thread has of `Count` queries, of which it sees some keys.
    template <int Count>
    struct scores {
        arguments to;
        dg::i32 key;
        dg::scored_query queries[Count];
        dg::u32 best[Count];  ///< ordered() of the best that this thread has seen

        DEEPGEMM_DEVICE void take(dg::i32 ahead, const float (&score)[Count]) {
            DEEPGEMM_UNROLL
            for (int i = 0; i < Count; ++i) {
                const auto& [query, range, exists] = queries[i];
                if (!exists || key + ahead < range.first || key + ahead >= range.last) continue;
                if (score[i] > to.threshold) ptx::atomic_add_relaxed<dg::memory_scope::gpu>(to.count + query, 1);
                const dg::u32 here = ordered(score[i]);
                if (here <= best[i]) continue;  // most keys are no better than those before
                best[i] = here;
                ptx::atomic_max(to.best + query, here);
            }
        }
        DEEPGEMM_DEVICE void advance(dg::i32 by) { key += by; }
    };
    template <int Count>
    DEEPGEMM_DEVICE static scores<Count> open(const arguments& to, dg::i32, const dg::scored_query (&queries)[Count],
                                              dg::i32 key) {
        scores<Count> made{to, key, {}, {}};
        DEEPGEMM_UNROLL
        for (int i = 0; i < Count; ++i) made.queries[i] = queries[i];
        return made;
    }
    DEEPGEMM_DEVICE static void fill_outside(const arguments&, dg::i32, dg::i32, dg::key_range) {}
};
static_assert(dg::score_sink<count_and_best>);

using counting = dg::mqa_logits<dg::arch::sm90, dg::mqa_logits_traits{.heads = 16, .depth = 32}, count_and_best>;
// [sink]

int main() {
    constexpr int queries = 50, keys = 700, heads = 16, depth = 32;
    dg::random_source random(dg::fresh_seed());
    // Small whole numbers: scores are exact in any order of additions, and so are counts and best scores.
    std::vector<dg::e4m3> q(queries * heads * depth), key(keys * depth);
    std::vector<float> scale(keys), weights(queries * heads);
    std::vector<dg::i32> first(queries), last(queries);
    for (dg::e4m3& x : q) x = dg::e4m3::from_float(float(random.integer(-2, 2)));
    for (dg::e4m3& x : key) x = dg::e4m3::from_float(float(random.integer(-2, 2)));
    for (float& s : scale) s = 0.25f;
    for (float& w : weights) w = float(random.integer(-2, 3));
    for (int i = 0; i < queries; ++i) {
        first[i] = dg::i32(random.integer(0, keys));
        last[i] = dg::i32(random.integer(0, keys));  // half of the ranges are inverted, and hold no keys
    }
    constexpr float threshold = 20;
    std::vector<dg::u32> count(queries, 0), best(queries, 0);
    backend::array<dg::e4m3> q_there(q), key_there(key);
    backend::array<float> scale_there(scale), weights_there(weights);
    backend::array<dg::i32> first_there(first), last_there(last);
    backend::array<dg::u32> count_there(count), best_there(best);

    // [use]
    backend::launch<counting>({.in = {.queries = queries,
                                      .keys = keys,
                                      .q = q_there.data(),
                                      .key = key_there.data(),
                                      .key_pitch = depth,
                                      .scale = scale_there.data(),
                                      .weights = weights_there.data(),
                                      .weights_pitch = heads,
                                      .first = first_there.data(),
                                      .last = last_there.data()},
                               .out = {threshold, count_there.data(), best_there.data()}});
    // [use]
    count_there.read(count);
    best_there.read(best);

    int wrong = 0;
    dg::u32 above = 0;
    for (int i = 0; i < queries; ++i) {
        dg::u32 counted = 0, largest = 0;
        for (int j = first[i]; j < last[i]; ++j) {
            float score = 0;
            for (int h = i * heads; h < (i + 1) * heads; ++h) {
                float dot = 0;
                for (int d = 0; d < depth; ++d) dot += float(q[h * depth + d]) * float(key[j * depth + d]);
                score += std::fmax(dot, 0.0f) * weights[h];
            }
            score *= scale[j];
            counted += score > threshold;
            largest = dg::max(largest, count_and_best::ordered(score == 0 ? 0.0f : score));
        }
        // The kernel may have found a zero of the other sign.
        const bool same_best = best[i] == largest || (largest == 0x80000000u && best[i] == 0x7fffffffu);
        wrong += counted != count[i] || !same_best;
        above += counted;
    }
    std::printf("Keys above a threshold for %d queries, %u of them, and the best of each on %s.\n", queries, above,
                backend::name().c_str());
    std::printf("%s: %d queries are wrong\n", wrong == 0 ? "PASS" : "FAIL", wrong);
    return wrong == 0 ? 0 : 1;
}
