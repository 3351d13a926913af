// SPDX-License-Identifier: MIT
// The cleaning of logits on a GPU: samples of tests/ops/clean_logits_sample.hpp by every shipped kernel, on some
// multiprocessors, too, and in a graph that is replayed with other ranges.
#include <doctest/doctest.h>

#include <deepgemm/host/cuda_device.hpp>
#include <deepgemm/host/exception.hpp>
#include <deepgemm/host/instances.hpp>

#include "../ops/clean_logits_sample.hpp"
#include "device_sample.hpp"
#include "longest_row.cuh"

using namespace deepgemm;
using namespace device_tests;
using test::clean_logits_sample;

namespace {

engine_of<ops::clean_logits> clean_engine() {
    return {instances::of<ops::clean_logits>(), or_throw(cuda::describe_current_device())};
}

}  // namespace

TEST_CASE("clean_logits: every shipped kernel, on some multiprocessors, too") {
    const auto engine = clean_engine();
    REQUIRE(engine.kernels().size() == 3);
    for (const clean_logits_handle& kernel : engine.kernels()) {
        for (int i = 0; i < 8; ++i) {
            random_source random(fresh_seed());
            INFO("DEEPGEMM_SEED=", random.seed(), " ", ops::clean_logits::source_of(kernel.info));
            clean_logits_sample sample(
                random, {i32(random.integer(1, 400)), i32(random.integer(1, 20'000)), kernel.info.traits.logits});
            for (const int sms : {0, 7}) {
                const device_sample memory(sample);
                or_throw(test::run_named(engine, memory.problem(), {.num_sms = sms}));
                CHECK(memory.verdict() == "");
                sample.restore();
            }
        }
    }
}

TEST_CASE("clean_logits: a graph is replayed with other logits and ranges in the same memory") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const auto engine = clean_engine();
    CHECK(engine.prepare());
    clean_logits_sample sample(random, {300, 5001, dtype::bf16});
    device_sample memory(sample);
    const clean_logits_problem problem = memory.problem();
    const stream on;
    const captured graph(on, [&] { or_throw(test::run_named(engine, problem, {.stream = on.handle})); });
    for (int i = 0; i < 3; ++i) {
        sample.renew(random);
        memory.load(sample);
        graph.run(on);
        CHECK(memory.verdict() == "");
    }
}

TEST_CASE("clean_logits: the longest row that there may be") {
    const longest_row row(max_extent);
    const device_array<i32> none(std::vector<i32>(1, 0));
    or_throw(test::run_named(clean_engine(),
                             clean_logits_problem{row_major(row.get(), 1, row.keys), none.get(), none.get()}, {}));
    CHECK(row.wrong() == 0);
}
