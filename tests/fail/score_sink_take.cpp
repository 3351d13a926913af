// SPDX-License-Identifier: MIT
// A score sink must have take(), or a kernel's scores go nowhere.
// expect: takes_scores
#include <deepgemm/epilogue/score_sink.cuh>

using namespace deepgemm;

// [example]
/// A part of the user's own that works with any sink.
template <score_sink Sink>
struct scorer {
    typename Sink::arguments out;
};

struct forgets {
    struct arguments {};
    static constexpr bool fills_outside = false;
    DEEPGEMM_BOTH static constexpr i32 longest(const arguments&, i32 keys) { return keys; }
    template <int Count>
    struct scores {
        DEEPGEMM_DEVICE void advance(i32) {}
#ifdef CORRECT
        DEEPGEMM_DEVICE void take(i32, const float (&)[Count]) {}
#endif
    };
    template <int Count>
    DEEPGEMM_DEVICE static scores<Count> open(const arguments&, i32, const scored_query (&)[Count], i32) {
        return {};
    }
    DEEPGEMM_DEVICE static void fill_outside(const arguments&, i32, i32, key_range) {}
};
constexpr scorer<forgets> ready{};
// [example]
