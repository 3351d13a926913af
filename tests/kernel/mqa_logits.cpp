// SPDX-License-Identifier: MIT
// Scores of an indexer against sums in double precision, and bit by bit where these are whole numbers: ragged ranges, empty and
// inverted ones, all numbers of heads that differ in kind, all types, all forms of logits.
#include <deepgemm/host/sim_launch.hpp>

#include <doctest/doctest.h>

#include <algorithm>

#include "far_rows.hpp"
#include "machines.hpp"
#include "mqa_scores.hpp"

namespace mqa_logits_tests {

using namespace deepgemm;
using test::bits_of;
using test::mqa_scores;
using test::on_machines;

namespace {

template <mqa_logits_traits Traits, class Sink, mqa_logits_config Config>
using kernel_of = mqa_logits<arch::sm90, Traits, Sink, Config>;

template <class K, class Scores>
std::string outcome_of_scores(Scores& on, const sim::options& machine) {
    const auto done = sim::try_launch<K>(on.template arguments<typename K::arguments>(),
                                         {.dependent_launch = machine.dependent_launch}, machine);
    return done ? on.verdict(tolerance::fp32) : done.failure().message;
}

/// A few samples under each policy, on different numbers of multiprocessors; extents are random.
template <mqa_logits_traits Traits, class T = float, logits_form Form = logits_form::full,
          mqa_logits_config Config = mqa_logits_config{}>
void check(i32 most_queries = 40, i32 most_keys = 500, int runs = 2) {
    using kernel = kernel_of<Traits, store_logits<T, Form>, Config>;
    on_machines(runs, [&](random_source& random, sim::options machine) {
        machine.num_sms = int(random.integer(1, 5));
        machine.dependent_launch = random.integer(0, 1) != 0;
        const i32 queries = i32(random.integer(1, most_queries)), keys = i32(random.integer(1, most_keys));
        CAPTURE(queries);
        CAPTURE(keys);
        for (const bool whole : {true, false}) {
            mqa_scores<T, mqa_element<Traits.weights>> made(random, Traits, Form, {queries, keys, whole, false});
            CHECK(outcome_of_scores<kernel>(made, machine) == "");
        }
    });
}

// [sink]
/// A sink of one's own: stores scores with a row for each key.
struct by_key {
    struct arguments {
        float* to;
        i64 pitch;
    };
    static constexpr bool fills_outside = false;
    DEEPGEMM_BOTH static constexpr i32 longest(const arguments&, i32 keys) { return keys; }
    template <int Count>
    struct scores {
        arguments args;
        i32 key;
        scored_query queries[Count];
        DEEPGEMM_DEVICE void take(i32 ahead, const float (&score)[Count]) const {
            for (int i = 0; i < Count; ++i) {
                const auto& [query, range, exists] = queries[i];
                const bool wanted = exists && key + ahead >= range.first && key + ahead < range.last;
                if (wanted) ptx::st_global(args.to + (key + ahead) * args.pitch + query, score[i]);
            }
        }
        DEEPGEMM_DEVICE void advance(i32 by) { key += by; }
    };
    template <int Count>
    DEEPGEMM_DEVICE static scores<Count> open(const arguments& args, i32, const scored_query (&queries)[Count],
                                              i32 key) {
        scores<Count> s{args, key, {}};
        for (int i = 0; i < Count; ++i) s.queries[i] = queries[i];
        return s;
    }
    DEEPGEMM_DEVICE static void fill_outside(const arguments&, i32, i32, key_range) {}
};
static_assert(score_sink<by_key>);
// [sink]

}  // namespace

TEST_CASE("mqa logits: a sink of one's own gets the same scores") {
    constexpr mqa_logits_traits traits{.heads = 32, .depth = 32};
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    mqa_scores<float, float> made(random, traits, logits_form::unclean, {50, 300, false, false});
    using storing = kernel_of<traits, store_logits<float, logits_form::unclean>, mqa_logits_config{}>;
    REQUIRE(outcome_of_scores<storing>(made, {}) == "");
    using own = kernel_of<traits, by_key, mqa_logits_config{}>;
    std::vector<float> turned(50 * 300, 0.0f);
    const auto done = sim::try_launch<own>({made.arguments<storing::arguments>().in, {turned.data(), 50}}, {}, {});
    REQUIRE((done ? "" : done.failure().message) == "");
    for (i32 i = 0; i < 50; ++i) {
        const auto [first, last] = made.range(i);
        for (i32 j = 0; j < 300; ++j) {
            const float same = first <= j && j < last ? made.logits[std::size_t(i * made.pitch + j)] : 0.0f;
            CHECK(turned[std::size_t(j * 50 + i)] == same);
        }
    }
}
TEST_CASE("mqa logits: 64 heads of depth 128") { check<mqa_logits_traits{}>(); }
TEST_CASE("mqa logits: 32 heads of depth 64, three warpgroups of four queries, unclean") {
    check<mqa_logits_traits{.heads = 32, .depth = 64}, float, logits_form::unclean>();
}
TEST_CASE("mqa logits: 16 heads of depth 32, compressed") {
    check<mqa_logits_traits{.heads = 16, .depth = 32}, float, logits_form::compressed>(90);
}
TEST_CASE("mqa logits: heads that are odd multiples of four") {
    check<mqa_logits_traits{.heads = 4, .depth = 32}>(90);
    check<mqa_logits_traits{.heads = 12, .depth = 32}>(90);
    check<mqa_logits_traits{.heads = 20, .depth = 64}, float, logits_form::unclean>();
    check<mqa_logits_traits{.heads = 36, .depth = 32}>();  // three queries: the last one has no neighbour
    check<mqa_logits_traits{.heads = 60, .depth = 128}>();
    check<mqa_logits_traits{.heads = 100, .depth = 32}>(20);
}
TEST_CASE("mqa logits: other multiples of eight heads") {
    check<mqa_logits_traits{.heads = 8, .depth = 64}>(90);
    check<mqa_logits_traits{.heads = 24, .depth = 32}>();
    check<mqa_logits_traits{.heads = 40, .depth = 32}, float, logits_form::compressed>();
    check<mqa_logits_traits{.heads = 128, .depth = 128}>(12, 300);
}
TEST_CASE("mqa logits: types of logits and of weights") {
    check<mqa_logits_traits{.heads = 32, .depth = 32, .weights = dtype::bf16}, bf16>();
    check<mqa_logits_traits{.heads = 12, .depth = 32, .weights = dtype::f16}, f16, logits_form::compressed>();
    check<mqa_logits_traits{.heads = 20, .depth = 32, .weights = dtype::bf16}, f16>();
    check<mqa_logits_traits{.heads = 64, .depth = 32, .weights = dtype::f16}, bf16, logits_form::unclean>();
}
TEST_CASE("mqa logits: other configurations") {
    constexpr mqa_logits_traits traits{.heads = 64, .depth = 32};
    check<traits, float, logits_form::full,
          mqa_logits_config{.warpgroups = 1, .queries = 1, .keys = 64, .stages = 2}>();
    check<traits, float, logits_form::full,
          mqa_logits_config{.warpgroups = 2, .queries = 4, .keys = 256, .start_cost = 0}>();
    check<traits, bf16, logits_form::full, mqa_logits_config{.warpgroups = 4, .queries = 3, .keys = 192, .added = 0}>();
}
TEST_CASE("mqa logits: sums over lanes in shared memory are the same as by shuffles") {
    constexpr mqa_logits_traits traits{.heads = 32, .depth = 32};
    check<traits, float, logits_form::full, mqa_logits_config{.warpgroups = 2, .queries = 8, .reduce_in_smem = true}>();
    check<mqa_logits_traits{.heads = 16, .depth = 32}, bf16, logits_form::compressed,
          mqa_logits_config{.reduce_in_smem = true}>();
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    mqa_scores<float, float> shuffled(random, traits, logits_form::full, {90, 500, false, false});
    auto in_memory = shuffled;
    constexpr mqa_logits_config by_shuffles{.warpgroups = 3, .queries = 4},
        in_smem{.warpgroups = 3, .queries = 4, .reduce_in_smem = true};
    REQUIRE(outcome_of_scores<kernel_of<traits, store_logits<float>, by_shuffles>>(shuffled, {}) == "");
    REQUIRE(outcome_of_scores<kernel_of<traits, store_logits<float>, in_smem>>(in_memory, {}) == "");
    CHECK(std::ranges::equal(in_memory.logits, shuffled.logits, {}, bits_of<float>, bits_of<float>));
}
TEST_CASE("mqa logits: neither queries nor keys") {
    using kernel = kernel_of<mqa_logits_traits{}, store_logits<float>, mqa_logits_config{}>;
    CHECK(kernel::grid({.in = {.queries = 0, .keys = 5}}, 132) == 0);
    CHECK(kernel::grid({.in = {.queries = 5, .keys = 0}}, 132) == 0);
}
TEST_CASE("mqa logits: rows further apart than 2^31 elements") {
    constexpr mqa_logits_traits traits{.heads = 24, .depth = 32};
    using kernel = kernel_of<traits, store_logits<float>, mqa_logits_config{.stages = 3}>;
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    mqa_scores<float, float> made(random, traits, logits_form::full, {5, 20, false, true});
    const test::far_rows<e4m3> key(20);
    const test::far_rows<float> weights(5), logits(5);
    key.write(made.key.data(), made.key_pitch, traits.depth);
    weights.write(made.weights.data(), made.weights_pitch, traits.heads);
    auto args = made.arguments<kernel::arguments>();
    args.in.key = key.data();
    args.in.weights = weights.data();
    args.out.logits = logits.data();
    args.in.key_pitch = args.in.weights_pitch = args.out.pitch = key.pitch;
    CHECK(sim::try_launch<kernel>(args));
    logits.read(made.logits.data(), made.pitch, made.size.keys);
    CHECK(made.verdict(tolerance::fp32) == "");
}
TEST_CASE("mqa logits: the same bits on any number of multiprocessors and under every order") {
    constexpr mqa_logits_traits traits{.heads = 24, .depth = 32};
    using kernel = kernel_of<traits, store_logits<float>, mqa_logits_config{.stages = 3}>;
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    for (const bool causal : {false, true}) {
        mqa_scores<float, float> first(random, traits, logits_form::full, {70, 700, false, causal});
        const auto poisoned = first.logits;
        REQUIRE(outcome_of_scores<kernel>(first, {.num_sms = 1}) == "");
        for (int i = 0; i < 12; ++i) {
            auto again = first;
            again.logits = poisoned;
            sim::options machine{.policy = sim::policy::random, .seed = u64(random.integer(0, 1 << 30))};
            machine.num_sms = int(random.integer(2, 12));
            const auto done = sim::try_launch<kernel>(again.arguments<kernel::arguments>(), {}, machine);
            REQUIRE((done ? "" : done.failure().message) == "");
            CHECK(std::ranges::equal(again.logits, first.logits, {}, bits_of<float>, bits_of<float>));
        }
    }
}

}  // namespace mqa_logits_tests
