// SPDX-License-Identifier: MIT
// Scores of an indexer as an operation on the simulator: through an engine and by every shipped kernel, planned, explained,
// refused.
#include <deepgemm/host/explain.hpp>
#include <deepgemm/host/instances.hpp>
#include <deepgemm/ops/mqa_logits/mqa_logits.hpp>
#include <deepgemm/sim/options.hpp>

#include <doctest/doctest.h>

#include "mqa_logits_sample.hpp"

namespace mqa_logits_op_tests {

using namespace deepgemm;
using test::mqa_logits_sample;
using test::mqa_sample;

namespace {

using mqa_engine = engine_of<ops::mqa_logits>;

std::span<const mqa_logits_handle> mqa_kernels() { return instances::of<ops::mqa_logits>(); }
mqa_engine engine_on_simulator() { return {mqa_kernels(), device_info::simulator()}; }

/// Runs a sample through the named operation: "", the error or what is wrong.
std::string run(mqa_logits_sample& sample, sim::options machine) {
    const auto done = fp8_mqa_logits(engine_on_simulator(), sample.problem(), {.stream = &machine});
    return done ? sample.verdict() : done.failure().message;
}

/// A problem at made-up addresses: 100 queries of 64 heads, 5000 keys.
mqa_logits_problem made_up() {
    const auto at = [](u64 terabyte) { return reinterpret_cast<void*>(terabyte << 40); };
    return {.queries = 100,
            .heads = 64,
            .depth = 128,
            .keys = 5000,
            .q = static_cast<const e4m3*>(at(1)),
            .key = static_cast<const e4m3*>(at(2)),
            .scale = static_cast<const float*>(at(3)),
            .weights = at(4),
            .first = static_cast<const i32*>(at(5)),
            .last = static_cast<const i32*>(at(6)),
            .logits = at(7)};
}

}  // namespace

TEST_CASE("mqa_logits: random ragged ranges on every shipped kernel") {
    REQUIRE(!mqa_kernels().empty());
    u64 seed = fresh_seed();
    for (const mqa_logits_handle& kernel : mqa_kernels()) {
        random_source random(seed++);
        CAPTURE(random.seed());
        CAPTURE(ops::mqa_logits::source_of(kernel.info));
        sim::options machine{.policy = sim::policy::random, .seed = random.seed()};
        machine.num_sms = int(random.integer(1, 4));
        const mqa_sample size{i32(random.integer(1, 40)), i32(random.integer(1, 400)), random.integer(0, 1) != 0,
                              false};
        mqa_logits_sample sample(random, kernel.info.traits, size, tolerance::fp32);
        CHECK(run(sample, machine) == "");
        sample.restore();
        sample.renew(random);
        CHECK(run(sample, machine) == "");
    }
}

TEST_CASE("mqa_logits: as docs/ops/mqa_logits.md shows it") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const i32 queries = 20, keys = 300;
    mqa_logits_sample sample(random, {}, {queries, keys, false, false}, tolerance::fp32);
    const mqa_engine engine = engine_on_simulator();
    const mqa_logits_problem p = sample.problem();
    const e4m3 *const q = p.q, *const key = p.key;
    const float *const scale = p.scale, *const weights = static_cast<const float*>(p.weights);
    const i32 *const first = p.first, *const last = p.last;
    float* const logits = static_cast<float*>(p.logits);
    const i64 key_stride = p.key_stride, weights_stride = p.weights_stride, logits_stride = p.logits_stride;
    // [call]
    const auto done = fp8_mqa_logits(engine, {.queries = queries,
                                              .heads = 64,
                                              .depth = 128,
                                              .keys = keys,
                                              .q = q,      // (queries, heads, depth)
                                              .key = key,  // (keys, depth)
                                              .key_stride = key_stride,
                                              .scale = scale,      // (keys)
                                              .weights = weights,  // (queries, heads) FP32
                                              .weights_stride = weights_stride,
                                              .first = first,  // (queries): keys first[i] to last[i] - 1 are scored
                                              .last = last,
                                              .logits = logits,  // (queries, keys) FP32
                                              .logits_stride = logits_stride});
    // [call]
    CHECK_MESSAGE(done, (done ? "" : done.failure().message));
    CHECK(sample.verdict() == "");
}

TEST_CASE("mqa_logits: strides of 0 stand for dense rows") {
    const auto args = ops::mqa_logits::arguments_of(made_up());
    CHECK(args.in.key_pitch == 128);
    CHECK(args.in.weights_pitch == 64);
    CHECK(args.out.pitch == 5000);
    mqa_logits_problem compressed = made_up();
    compressed.form = logits_form::compressed;
    compressed.columns = 70;
    CHECK(ops::mqa_logits::arguments_of(compressed).out.pitch == 70);
}

TEST_CASE("mqa_logits: nothing to compute needs no memory") {
    const mqa_engine engine = engine_on_simulator();
    CHECK(fp8_mqa_logits(engine, {.queries = 0, .heads = 64, .depth = 128, .keys = 10}));
    CHECK(fp8_mqa_logits(engine, {.queries = 10, .heads = 64, .depth = 128, .keys = 0}));
}

TEST_CASE("mqa_logits: refused before anything is launched; tests/docs/rules.cpp has all sentences") {
    const mqa_engine engine = engine_on_simulator();
    const auto refused = [&](auto change) {
        mqa_logits_problem p = made_up();
        change(p);
        const auto done = fp8_mqa_logits(engine, p);
        return done ? "" : concat(name_of(done.failure().code), ": ", done.failure().message);
    };
    CHECK(refused([](mqa_logits_problem& p) { p.heads = 30; }) ==
          "shape_mismatch: a query has 30 heads; it must have a multiple of 4 from 4 to 128");
    CHECK(refused([](mqa_logits_problem& p) { p.q = nullptr; }) == "null_pointer: q has no data: its pointer is null");
    CHECK(ops::mqa_logits::check(mqa_logits_workload{.queries = -1}).failure().code == errc::bad_extent);
}

TEST_CASE("mqa_logits: a plan, and what no kernel runs") {
    const mqa_engine engine(mqa_kernels(), device_info::h200());
    const auto plan = engine.plan(made_up());
    REQUIRE(plan);
    const std::string text = explain(*plan);
    CAPTURE(text);
    CHECK(text.find("100 queries of 64 heads of 128, 5000 keys, weights f32, full logits f32") != std::string::npos);
    mqa_logits_problem other = made_up();
    other.heads = 12;
    const auto none = engine.plan(other);
    REQUIRE_FALSE(none);
    CAPTURE(none.failure().message);
    CHECK(none.failure().code == errc::no_kernel);
    CHECK(none.failure().message.find(
              "shipped::mqa_logits_kernel<stored_mqa_traits{.scores = mqa_logits_traits{.heads = 12") !=
          std::string::npos);
}

}  // namespace mqa_logits_op_tests
