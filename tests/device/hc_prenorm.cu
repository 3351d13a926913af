// SPDX-License-Identifier: MIT
// The HyperConnection prenorm on a GPU: samples of tests/ops/hc_prenorm_sample.hpp through the engine over the shipped kernels,
// by every one of these, at the sizes of models, captured into a graph, and a thousand times.
#include <doctest/doctest.h>

#include <deepgemm/host/cuda_device.hpp>
#include <deepgemm/host/exception.hpp>
#include <deepgemm/host/instances.hpp>
#include <deepgemm/ops/hc_prenorm/hc_prenorm.hpp>

#include "../ops/hc_prenorm_sample.hpp"
#include "device_sample.hpp"
#include "repeated.cuh"

using namespace deepgemm;
using namespace device_tests;
using test::hc_prenorm_sample;
using test::run_named;

namespace {

using prenorm_engine = engine_of<ops::hc_prenorm>;

prenorm_engine engine_of_this_device() {
    return {instances::of<ops::hc_prenorm>(), or_throw(cuda::describe_current_device())};
}

/// Runs a sample through the named operation: "", the error or what is wrong.
std::string run(const prenorm_engine& engine, hc_prenorm_sample& sample, const hc_prenorm_options& options = {}) {
    const device_sample memory(sample);
    const auto done = run_named(engine, memory.problem(), options);
    return done ? memory.verdict() : done.failure().message;
}

bool leaves_parts(const hc_prenorm_handle& kernel) { return kernel.info.traits.sums == partial_sums::apart; }

}  // namespace

TEST_CASE("hc_prenorm: tails of all extents by the planner's choice") {
    const prenorm_engine engine = engine_of_this_device();
    for (int i = 0; i < 16; ++i) {
        random_source random(fresh_seed());
        INFO("DEEPGEMM_SEED=", random.seed());
        const problem_shape shape{i32(random.integer(1, 700)), i32(random.integer(1, 160)),
                                  i32(random.integer(1, 3000))};
        for (const bool whole : {true, false}) {
            for (const i32 parts : {1, i32(random.integer(2, 60))}) {
                hc_prenorm_sample sample(random, shape, parts, whole);
                CHECK(run(engine, sample) == "");
            }
        }
    }
}

TEST_CASE("hc_prenorm: every shipped kernel, on some multiprocessors, too, and without K") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const prenorm_engine engine = engine_of_this_device();
    REQUIRE(engine.kernels().size() > 0);
    for (const hc_prenorm_handle& kernel : engine.kernels()) {
        const hc_prenorm_config& cfg = kernel.info.cfg;
        INFO(to_source(kernel.info));
        const i32 parts = leaves_parts(kernel) ? 9 : 1;
        hc_prenorm_sample sample(random, {900, cfg.block.n + 3, 1999}, parts), no_k(random, {70, 24, 0}, parts);
        CHECK(run(engine, sample, {.pin = cfg}) == "");
        sample.restore();
        CHECK(run(engine, sample, {.num_sms = cfg.split_k > 8 ? 17 : 9, .pin = cfg}) == "");
        CHECK(run(engine, no_k, {.pin = cfg}) == "");
    }
}

TEST_CASE("hc_prenorm: sizes of models") {
    const prenorm_engine engine = engine_of_this_device();
    for (const i32 m : {13, 137, 4096}) {
        for (const i32 k : {7168, 7680, 28672}) {
            if (m == 4096 && k == 28672) continue;  // the judge takes minutes
            for (const i32 parts : {1, 16}) {
                random_source random(fresh_seed());
                INFO("DEEPGEMM_SEED=", random.seed(), " m=", m, " k=", k, " parts=", parts);
                hc_prenorm_sample sample(random, {m, 24, k}, parts, false);
                CHECK(run(engine, sample) == "");
            }
        }
    }
}

TEST_CASE("hc_prenorm: a graph is replayed with other operands in the same memory") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const prenorm_engine engine = engine_of_this_device();
    CHECK(engine.prepare());
    for (const i32 parts : {1, 5}) {
        hc_prenorm_sample sample(random, {137, 24, 1999}, parts);
        device_sample memory(sample);
        const hc_prenorm_problem problem = memory.problem();
        const auto plan = or_throw(engine.plan(problem));
        const stream on;
        const captured by_engine(on, [&] { or_throw(run_named(engine, problem, {.stream = on.handle})); });
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

TEST_CASE("hc_prenorm: a thousand launches of every shipped kernel give the same bits") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    constexpr i64 m = 300, n = 24;
    const prenorm_engine engine = engine_of_this_device();
    for (const hc_prenorm_handle& kernel : engine.kernels()) {
        INFO(to_source(kernel.info));
        const i64 parts = leaves_parts(kernel) ? 7 : 1;
        hc_prenorm_sample sample(random, {m, n, 1999}, i32(parts), false);
        const device_sample memory(sample);
        const device_array<float> d(parts * m * n), q(parts * m);
        hc_prenorm_problem problem = memory.problem();
        problem.d = dense_stack(row_major(d.get(), m, n), parts);
        problem.q = row_major(q.get(), parts, m);
        const auto launch = [&] { or_throw(run_named(engine, problem, {.pin = kernel.info.cfg})); };
        CHECK(words_that_change(d, launch) == 0);
        CHECK(words_that_change(q, launch) == 0);
    }
}
