// SPDX-License-Identifier: MIT
// Scores of an indexer on a GPU: the samples of the simulator's test, larger ones, and a thousand repeats; through the engine
// every shipped kernel, on some multiprocessors, too, and a graph that is replayed with other ranges.
#include <doctest/doctest.h>

#include <deepgemm/host/cuda_device.hpp>
#include <deepgemm/host/cuda_launch.hpp>
#include <deepgemm/host/exception.hpp>
#include <deepgemm/host/instances.hpp>

#include "../kernel/mqa_scores.hpp"
#include "../ops/mqa_logits_sample.hpp"
#include "device_sample.hpp"
#include "longest_row.cuh"
#include "repeated.cuh"

using namespace deepgemm;
using namespace device_tests;
using test::mqa_logits_sample;
using test::mqa_sample;
using test::mqa_scores;

namespace mqa_logits_device_test {

// Structs, as in grouped.cu.
template <mqa_logits_traits Traits, class Sink, mqa_logits_config Config = mqa_logits_config{}>
using on_hopper = mqa_logits<arch::sm90, Traits, Sink, Config>;
template <logits_form Form>
using floats = store_logits<float, Form>;

struct h64_d128 : on_hopper<mqa_logits_traits{}, floats<logits_form::full>> {};
struct h64_d64 : on_hopper<mqa_logits_traits{.depth = 64}, floats<logits_form::unclean>> {};
struct h64_d32 : on_hopper<mqa_logits_traits{.depth = 32}, floats<logits_form::compressed>> {};
struct h64_wide : on_hopper<mqa_logits_traits{}, floats<logits_form::full>,
                            mqa_logits_config{.warpgroups = 2, .queries = 4, .keys = 256, .added = 1}> {};
struct h32_d64 : on_hopper<mqa_logits_traits{.heads = 32, .depth = 64}, floats<logits_form::full>> {};
struct h32_d128 : on_hopper<mqa_logits_traits{.heads = 32}, floats<logits_form::full>> {};
struct h16_d128_bf16
    : on_hopper<mqa_logits_traits{.heads = 16, .weights = dtype::bf16}, store_logits<bf16, logits_form::full>> {};
struct h20_d64_f16 : on_hopper<mqa_logits_traits{.heads = 20, .depth = 64, .weights = dtype::f16},
                               store_logits<f16, logits_form::full>> {};
struct h4_d32 : on_hopper<mqa_logits_traits{.heads = 4, .depth = 32}, floats<logits_form::full>> {};
struct h36_d32 : on_hopper<mqa_logits_traits{.heads = 36, .depth = 32}, floats<logits_form::full>> {};
struct h100_d128 : on_hopper<mqa_logits_traits{.heads = 100}, floats<logits_form::unclean>> {};
struct h128_d128 : on_hopper<mqa_logits_traits{.heads = 128}, floats<logits_form::full>> {};

/// A sample's tensors in device memory.
template <class T, class W>
struct device_scores {
    device_array<e4m3> q, key;
    device_array<float> scale;
    device_array<W> weights;
    device_array<i32> first, last;
    device_array<T> logits;

    explicit device_scores(const mqa_scores<T, W>& host)
        : q(host.q),
          key(host.key),
          scale(host.scale),
          weights(host.weights),
          first(host.first),
          last(host.last),
          logits(host.logits) {}
    template <class Arguments>
    Arguments arguments(const mqa_scores<T, W>& host) const {
        return host.template arguments<Arguments>(q.get(), key.get(), scale.get(), weights.get(), first.get(),
                                                  last.get(), logits.get());
    }
};

template <class K>
using scores_of = mqa_scores<typename K::sink::element, typename K::weight>;

template <class K>
scores_of<K> sample_of(random_source& random, mqa_sample size) {
    return {random, K::traits, K::sink::form, size};
}

/// Launches kernel `K`: "", the launcher's error or what is wrong.
template <class K>
std::string outcome(scores_of<K> sample) {
    const device_scores memory(sample);
    const auto done = cuda::launch<K>(memory.template arguments<typename K::arguments>(sample));
    if (!done) return done.failure().message;
    check(cudaDeviceSynchronize());
    memory.logits.read(sample.logits.data());
    return sample.verdict(tolerance::hopper_fp8);
}

/// Whole numbers, whose scores are exact, and normal ones; random extents and ranges.
template <class K>
void check_ragged() {
    for (int i = 0; i < 6; ++i) {
        random_source random(fresh_seed());
        INFO("DEEPGEMM_SEED=", random.seed());
        const i32 queries = i32(random.integer(1, 150)), keys = i32(random.integer(1, 1500));
        CHECK(outcome<K>(sample_of<K>(random, {queries, keys, true, false})) == "");
        CHECK(outcome<K>(sample_of<K>(random, {queries, keys, false, false})) == "");
    }
}

template <class K>
void check_causal(i32 queries, i32 keys) {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    CHECK(outcome<K>(sample_of<K>(random, {queries, keys, false, true})) == "");
}

template <class K>
void check_repeats(mqa_sample size) {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const auto sample = sample_of<K>(random, size);
    const device_scores memory(sample);
    CHECK(words_that_change(memory.logits, [&] {
              or_throw(cuda::launch<K>(memory.template arguments<typename K::arguments>(sample)));
          }) == 0);
}

/// Of a query without keys nothing is read: any device memory stands for keys and scales.
template <class K>
void check_longest_row() {
    const longest_row row((i64(1) << 31) - 1);
    const device_array<i32> none(std::vector<i32>(1, 0));
    typename K::arguments args{};
    args.in.queries = 1;
    args.in.keys = args.out.columns = i32(row.keys);
    args.in.q = args.in.key = args.in.weights = row.get();
    args.in.scale = reinterpret_cast<const float*>(row.get());
    args.in.key_pitch = K::traits.depth;
    args.in.weights_pitch = K::traits.heads;
    args.in.first = args.in.last = none.get();
    args.out.logits = row.get();
    args.out.pitch = row.keys;
    or_throw(cuda::launch<K>(args));
    CHECK(row.wrong() == 0);
}

using mqa_engine = engine_of<ops::mqa_logits>;

mqa_engine engine_of_this_device() {
    return {instances::of<ops::mqa_logits>(), or_throw(cuda::describe_current_device())};
}

/// Runs a sample through the named operation: "", the error or what is wrong.
std::string run(const mqa_engine& engine, mqa_logits_sample& sample, const mqa_logits_options& options = {}) {
    const device_sample memory(sample);
    const auto done = test::run_named(engine, memory.problem(), options);
    return done ? memory.verdict() : done.failure().message;
}

}  // namespace mqa_logits_device_test

using namespace mqa_logits_device_test;

TEST_SUITE("mqa logits small") {
    TEST_CASE("mqa logits: ragged ranges") {
        check_ragged<h64_d128>();
        check_ragged<h64_d64>();
        check_ragged<h64_d32>();
        check_ragged<h64_wide>();
        check_ragged<h32_d64>();
        check_ragged<h32_d128>();
        check_ragged<h16_d128_bf16>();
        check_ragged<h20_d64_f16>();
        check_ragged<h4_d32>();
        check_ragged<h36_d32>();
        check_ragged<h100_d128>();
        check_ragged<h128_d128>();
    }
}

TEST_CASE("mqa logits: more queries than multiprocessors, ranges like those of a prefill") {
    check_causal<h64_d128>(130, 2000);
    check_causal<h64_d32>(700, 700);
    check_causal<h32_d64>(700, 2500);
    check_causal<h32_d128>(600, 600);
    check_causal<h4_d32>(2500, 2500);
}

TEST_CASE("mqa logits: a thousand repeats") {
    check_repeats<h64_d128>({1000, 3001, false, false});
    check_repeats<h32_d64>({1200, 3001, false, false});
    check_repeats<h64_d64>({300, 8000, false, true});
    check_repeats<h64_d32>({1000, 3001, false, false});
    check_repeats<h32_d128>({2000, 2000, false, true});
    check_repeats<h16_d128_bf16>({3000, 1000, false, false});
    check_repeats<h20_d64_f16>({999, 2001, false, false});
}

TEST_CASE("mqa logits: the longest row that there may be, of a query without keys") {
    check_longest_row<h16_d128_bf16>();
}

TEST_CASE("mqa_logits: every shipped kernel, on some multiprocessors, too") {
    const mqa_engine engine = engine_of_this_device();
    REQUIRE(engine.kernels().size() > 0);
    for (const mqa_logits_handle& kernel : engine.kernels()) {
        random_source random(fresh_seed());
        INFO("DEEPGEMM_SEED=", random.seed(), " ", ops::mqa_logits::source_of(kernel.info));
        for (const bool whole : {true, false}) {
            mqa_logits_sample sample(random, kernel.info.traits, {i32(random.integer(1, 300)), 1999, whole, false});
            CHECK(run(engine, sample) == "");
            sample.restore();
            CHECK(run(engine, sample, {.num_sms = 9}) == "");
        }
    }
}

TEST_CASE("mqa_logits: a graph is replayed with other numbers and other ranges in the same memory") {
    const mqa_engine engine = engine_of_this_device();
    CHECK(engine.prepare());
    for (const logits_form form : {logits_form::full, logits_form::unclean, logits_form::compressed}) {
        random_source random(fresh_seed());
        INFO("DEEPGEMM_SEED=", random.seed(), " ", name_of(form));
        mqa_logits_sample sample(random, {.form = form}, {150, 1999, true, false});
        device_sample memory(sample);
        const mqa_logits_problem problem = memory.problem();
        const auto plan = or_throw(engine.plan(problem));
        const stream on;
        const captured by_engine(on, [&] { or_throw(test::run_named(engine, problem, {.stream = on.handle})); });
        const captured by_plan(on, [&] { or_throw(plan.launch(problem, on.handle)); });
        for (int i = 0; i < 3; ++i) {
            sample.renew(random);
            for (const captured* graph : {&by_engine, &by_plan}) {
                sample.restore();
                memory.load(sample);
                graph->run(on);
                CHECK(memory.verdict() == "");
            }
        }
    }
}
