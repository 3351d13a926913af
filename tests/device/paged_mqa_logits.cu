// SPDX-License-Identifier: MIT
// Scores of paged keys on a GPU: the samples of the simulator's test, larger ones, schedules made in advance, and a thousand
// repeats; through the engine every shipped kernel, and a graph that is replayed with other lengths and pages.
#include <doctest/doctest.h>

#include <deepgemm/host/cuda_device.hpp>
#include <deepgemm/host/cuda_launch.hpp>
#include <deepgemm/host/exception.hpp>
#include <deepgemm/host/instances.hpp>

#include "../kernel/paged_scores.hpp"
#include "../ops/paged_mqa_logits_sample.hpp"
#include "device_sample.hpp"
#include "repeated.cuh"

using namespace deepgemm;
using namespace device_tests;
using test::paged_mqa_logits_sample;
using test::paged_sample;
using test::paged_scores;

namespace paged_mqa_logits_device_test {

// Structs, as in grouped.cu.
template <mqa_logits_traits Traits, int Block, class Sink, paged_mqa_config Config = paged_mqa_config{}>
using on_hopper = paged_mqa_logits<arch::sm90, Traits, Block, Sink, Config>;
template <logits_form Form>
using floats = store_logits<float, Form, ptx::cache_hint::evict_last>;
constexpr logits_form full = logits_form::full, unclean = logits_form::unclean;

struct h64_n1 : on_hopper<mqa_logits_traits{}, 64, floats<full>> {};
struct h64_n2 : on_hopper<mqa_logits_traits{}, 64, floats<unclean>, paged_mqa_config::of(64, 2)> {};
struct h64_n3 : on_hopper<mqa_logits_traits{}, 64, floats<full>, paged_mqa_config::of(64, 3)> {};
struct h64_n4 : on_hopper<mqa_logits_traits{}, 64, floats<full>, paged_mqa_config::of(64, 4)> {};
struct h64_n8 : on_hopper<mqa_logits_traits{}, 64, floats<unclean>, paged_mqa_config::of(64, 8)> {};
struct h32_n1_b32 : on_hopper<mqa_logits_traits{.heads = 32}, 32, floats<full>> {};
struct h32_n4_b128 : on_hopper<mqa_logits_traits{.heads = 32}, 128, floats<full>, paged_mqa_config::of(32, 4)> {};
struct h16_d64_bf16 : on_hopper<mqa_logits_traits{.heads = 16, .depth = 64, .weights = dtype::bf16}, 32,
                                store_logits<bf16, full>, paged_mqa_config::of(16, 3)> {};
struct h20_d32_f16 : on_hopper<mqa_logits_traits{.heads = 20, .depth = 32, .weights = dtype::f16}, 64,
                               store_logits<f16, full>, paged_mqa_config::of(20, 5)> {};
struct h4_d32 : on_hopper<mqa_logits_traits{.heads = 4, .depth = 32}, 128, floats<full>, paged_mqa_config::of(4, 2)> {};
struct h36_d64 : on_hopper<mqa_logits_traits{.heads = 36, .depth = 64}, 64, floats<full>, paged_mqa_config::of(36, 3)> {
};
struct h128 : on_hopper<mqa_logits_traits{.heads = 128}, 64, floats<full>, paged_mqa_config::of(128, 2)> {};

/// A sample's tensors in device memory.
template <class T, class W>
struct device_pages {
    device_array<e4m3> q;
    device_array<u8> cache;
    device_array<W> weights;
    device_array<i32> lengths, indices, table;
    device_array<T> logits;

    explicit device_pages(const paged_scores<T, W>& host)
        : q(host.q),
          cache(host.cache),
          weights(host.weights),
          lengths(host.lengths),
          indices(host.indices),
          table(host.table),
          logits(host.logits) {}
    template <class Arguments>
    Arguments arguments(const paged_scores<T, W>& host) const {
        return host.template arguments<Arguments>(q.get(), cache.get(), weights.get(), lengths.get(), indices.get(),
                                                  table.get(), logits.get());
    }
};

template <class K>
using scores_of = paged_scores<typename K::sink::element, typename K::weight>;

template <class K>
scores_of<K> sample_of(random_source& random, const paged_sample& size) {
    return {random, K::traits, K::block, K::sink::form, size};
}

/// Launches kernel `K`, with a schedule made in advance if `early`: "", the launcher's error or what is wrong.
template <class K>
std::string outcome(scores_of<K> sample, bool early) {
    const device_pages memory(sample);
    auto args = memory.template arguments<typename K::arguments>(sample);
    const device_array<i32> schedule(2048);
    if (early) {
        args.in.schedule = schedule.get();
        args.in.schedule_words = 2048;
        args.in.makes_schedule = true;
        const auto made = cuda::launch<K>(args);
        if (!made) return made.failure().message;
        args.in.makes_schedule = false;
    }
    const auto done = cuda::launch<K>(args);
    if (!done) return done.failure().message;
    check(cudaDeviceSynchronize());
    memory.logits.read(sample.logits.data());
    return sample.verdict(tolerance::hopper_fp8);
}

/// Whole numbers, whose scores are exact, and normal ones; random extents and contexts, requests by number and by index.
template <class K>
void check_contexts(i32 next_n) {
    for (int i = 0; i < 4; ++i) {  // small, since the judge takes a second for a million logits
        random_source random(fresh_seed());
        INFO("DEEPGEMM_SEED=", random.seed());
        paged_sample size{i32(random.integer(1, 20)), next_n, i32(random.integer(1, 700)), true, i % 2 != 0, 0};
        if (i % 3 == 2) size = {size.requests * next_n, 1, size.columns, true, false, next_n + 1};
        CHECK(outcome<K>(sample_of<K>(random, size), i >= 2) == "");
        size.whole = false;
        CHECK(outcome<K>(sample_of<K>(random, size), i >= 2) == "");
    }
}

template <class K>
void check_large(const paged_sample& size) {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    CHECK(outcome<K>(sample_of<K>(random, size), false) == "");
}

template <class K>
void check_repeats(const paged_sample& size) {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const auto sample = sample_of<K>(random, size);
    const device_pages memory(sample);
    CHECK(words_that_change(memory.logits, [&] {
              or_throw(cuda::launch<K>(memory.template arguments<typename K::arguments>(sample)));
          }) == 0);
}

using paged_engine = engine_of<ops::paged_mqa_logits>;

device_info this_gpu() { return or_throw(cuda::describe_current_device()); }

/// Runs a sample through the named operation: "", the error or what is wrong.
std::string run(const paged_engine& engine, paged_mqa_logits_sample& sample,
                const paged_mqa_logits_options& options = {}) {
    const device_sample memory(sample);
    const auto done = test::run_named(engine, memory.problem(), options);
    return done ? memory.verdict() : done.failure().message;
}

}  // namespace paged_mqa_logits_device_test

using namespace paged_mqa_logits_device_test;

TEST_SUITE("paged mqa logits small") {
    TEST_CASE("paged mqa logits: random contexts") {
        check_contexts<h64_n1>(1);
        check_contexts<h64_n2>(2);
        check_contexts<h64_n3>(3);
        check_contexts<h64_n4>(4);
        check_contexts<h64_n8>(7);
        check_contexts<h32_n1_b32>(1);
        check_contexts<h32_n4_b128>(4);
        check_contexts<h16_d64_bf16>(3);
        check_contexts<h20_d32_f16>(5);
        check_contexts<h4_d32>(3);
        check_contexts<h36_d64>(3);
        check_contexts<h128>(2);
    }
}

TEST_CASE("paged mqa logits: more requests than multiprocessors, and few with long contexts") {
    check_large<h64_n1>({600, 1, 700, false, false, 0});
    check_large<h64_n2>({300, 2, 1000, false, true, 0});
    check_large<h64_n4>({3, 4, 40000, false, false, 0});
    check_large<h32_n1_b32>({2, 1, 100000, false, false, 0});
    check_large<h16_d64_bf16>({3000, 1, 400, false, false, 4});
}

TEST_CASE("paged mqa logits: a thousand repeats") {
    check_repeats<h64_n1>({300, 1, 3001, false, false, 0});
    check_repeats<h64_n2>({200, 2, 3000, false, true, 0});
    check_repeats<h64_n4>({100, 4, 3001, false, false, 0});
    check_repeats<h32_n1_b32>({300, 1, 2000, false, false, 0});
    check_repeats<h16_d64_bf16>({500, 1, 1000, false, false, 5});
    check_repeats<h20_d32_f16>({99, 5, 2001, false, false, 0});
}

TEST_CASE("paged_mqa_logits: every shipped kernel, on some multiprocessors, too") {
    const auto kernels = instances::of<ops::paged_mqa_logits>();
    REQUIRE(!kernels.empty());
    for (const paged_mqa_logits_handle& kernel : kernels) {
        random_source random(fresh_seed());
        INFO("DEEPGEMM_SEED=", random.seed(), " ", ops::paged_mqa_logits::source_of(kernel.info));
        const paged_engine engine(std::span(&kernel, 1), this_gpu());
        for (const bool whole : {true, false}) {
            const paged_sample size{i32(random.integer(1, 100)), i32(random.integer(1, 5)), 1999, whole, !whole, 0};
            paged_mqa_logits_sample sample(random, kernel.info.traits, size);
            CHECK(run(engine, sample) == "");
            sample.restore();
            CHECK(run(engine, sample, {.num_sms = 9}) == "");
        }
    }
}

TEST_CASE("paged_mqa_logits: a graph is replayed with other numbers, lengths and pages in the same memory") {
    const paged_engine engine(instances::of<ops::paged_mqa_logits>(), this_gpu());
    CHECK(engine.prepare());
    const device_array<i32> schedule(paged_mqa_schedule_words(this_gpu().sm_count));
    for (const logits_form form : {logits_form::full, logits_form::unclean}) {
        random_source random(fresh_seed());
        INFO("DEEPGEMM_SEED=", random.seed(), " ", name_of(form));
        paged_mqa_logits_sample sample(random, {{.form = form}}, {70, 2, 1999, true, true, 0});
        device_sample memory(sample);
        const paged_mqa_logits_problem problem = memory.problem();
        paged_mqa_logits_problem scheduled = problem;
        scheduled.schedule = schedule.get();
        scheduled.schedule_words = schedule.count();
        const stream on;
        const captured at_once(on, [&] { or_throw(test::run_named(engine, problem, {.stream = on.handle})); });
        const captured in_two_calls(on, [&] {
            or_throw(make_paged_mqa_schedule(engine, scheduled, {.stream = on.handle}));
            or_throw(test::run_named(engine, scheduled, {.stream = on.handle}));
        });
        for (int i = 0; i < 3; ++i) {
            sample.renew(random);
            for (const captured* graph : {&at_once, &in_two_calls}) {
                sample.restore();
                memory.load(sample);
                graph->run(on);
                CHECK(memory.verdict() == "");
            }
        }
    }
}
