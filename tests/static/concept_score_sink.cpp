// SPDX-License-Identifier: MIT
// Truth table of score_sink: what models it, and near misses that each lack one thing. docs/concepts/score_sink.md shows the
// table.
#include <deepgemm/epilogue/store_logits.cuh>

namespace concept_score_sink_tests {

using namespace deepgemm;

namespace {

struct whole {
    struct arguments {
        int x;
    };
    static constexpr bool fills_outside = false;
    static i32 longest(const arguments&, i32 keys) { return keys; }
    template <int Count>
    struct scores {
        void take(i32, const float (&)[Count]) {}
        void advance(i32) {}
    };
    template <int Count>
    static scores<Count> open(const arguments&, i32, const scored_query (&)[Count], i32) {
        return {};
    }
    static void fill_outside(const arguments&, i32, i32, key_range) {}
};
// Each hides one member of `whole`, or has another in its place.
struct no_arguments : whole {
private:
    using whole::arguments;
};
struct owns_memory : whole {
    struct arguments : whole::arguments {
        arguments(const arguments&) {}
    };
};
struct no_longest : whole {
private:
    using whole::longest;
};
struct no_open : whole {
private:
    using whole::open;
};
struct opens_another : whole {
    template <int Count>
    struct scores : whole::scores<Count> {};
};
template <class Scores>
struct with_scores : whole {
    template <int Count>
    using scores = Scores;
    template <int Count>
    static scores<Count> open(const arguments&, i32, const scored_query (&)[Count], i32) {
        return {};
    }
};
struct takes_nothing {
    void advance(i32) {}
};
struct stays {
    void take(i32, const float (&)[2]) {}
};
struct no_word : whole {
private:
    using whole::fills_outside;
};
struct no_filling : whole {
private:
    using whole::fill_outside;
};

// [table]
//            type                                                 what it lacks
static_assert(score_sink<store_logits<float>>);
static_assert(score_sink<store_logits<bf16, logits_form::compressed>>);
static_assert(score_sink<whole>);
static_assert(!score_sink<no_arguments>);                // takes_arguments: arguments
static_assert(!score_sink<owns_memory>);                 // takes_arguments: they are copied as bytes
static_assert(!score_sink<no_longest>);                  // takes_arguments: longest
static_assert(!score_sink<no_open>);                     // opens: open
static_assert(!score_sink<opens_another>);               // opens: open gives scores<Count>
static_assert(!score_sink<with_scores<takes_nothing>>);  // takes_scores: take
static_assert(!score_sink<with_scores<stays>>);          // takes_scores: advance
static_assert(!score_sink<no_word>);                     // fills: fills_outside
static_assert(!score_sink<no_filling>);                  // fills: fill_outside
static_assert(!score_sink<float>);                       // a number is no sink
// [table]

}  // namespace

}  // namespace concept_score_sink_tests
