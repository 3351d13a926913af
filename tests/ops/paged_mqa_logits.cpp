// SPDX-License-Identifier: MIT
// Scores of paged keys as an operation on the simulator: through an engine and by every shipped kernel, with and without a
// schedule made in advance, planned, explained, refused.
#include <deepgemm/host/explain.hpp>
#include <deepgemm/host/instances.hpp>
#include <deepgemm/ops/paged_mqa_logits/paged_mqa_logits.hpp>
#include <deepgemm/sim/options.hpp>

#include <doctest/doctest.h>

#include "paged_mqa_logits_sample.hpp"

namespace paged_mqa_logits_op_tests {

using namespace deepgemm;
using test::paged_mqa_logits_sample;
using test::paged_sample;

namespace {

using paged_engine = engine_of<ops::paged_mqa_logits>;

std::span<const paged_mqa_logits_handle> paged_kernels() { return instances::of<ops::paged_mqa_logits>(); }
paged_engine engine_of_kernel(const paged_mqa_logits_handle& kernel) {
    return {std::span(&kernel, 1), device_info::simulator()};
}

/// Runs a sample through the named operation on one kernel, with a schedule made in advance or without: "", the error or what
/// is wrong.
std::string run(random_source& random, paged_mqa_logits_sample& sample, const paged_mqa_logits_handle& kernel,
                sim::options machine) {
    const paged_engine engine = engine_of_kernel(kernel);
    paged_mqa_logits_problem problem = sample.problem();
    std::vector<i32> schedule(std::size_t(paged_mqa_schedule_words(random.integer(1, 4))), -1);
    if (random.integer(0, 1) != 0) {
        problem.schedule = schedule.data();
        problem.schedule_words = i64(schedule.size());
        paged_mqa_logits_problem early = problem;
        early.q = nullptr;
        early.cache = early.weights = nullptr;
        early.block_table = nullptr;
        early.logits = nullptr;
        const auto shared = make_paged_mqa_schedule(engine, early, {.stream = &machine});
        if (!shared) return shared.failure().message;
        if (schedule[0] != kernel.info.cfg.tile_queries()) return "there is no schedule";
    }
    const auto done = fp8_paged_mqa_logits(engine, problem, {.stream = &machine});
    return done ? sample.verdict() : done.failure().message;
}

/// A problem at made-up addresses: 100 requests of 2 queries of 64 heads, 5000 columns.
paged_mqa_logits_problem made_up() {
    const auto at = [](u64 terabyte) { return reinterpret_cast<void*>(terabyte << 40); };
    return {.requests = 100,
            .next_n = 2,
            .heads = 64,
            .depth = 128,
            .columns = 5000,
            .pages = 9000,
            .q = static_cast<const e4m3*>(at(1)),
            .cache = at(2),
            .weights = at(3),
            .lengths = static_cast<const i32*>(at(4)),
            .block_table = static_cast<const i32*>(at(5)),
            .logits = at(6)};
}

}  // namespace

TEST_CASE("paged_mqa_logits: random contexts on every shipped kernel") {
    REQUIRE(!paged_kernels().empty());
    u64 seed = fresh_seed();
    for (const paged_mqa_logits_handle& kernel : paged_kernels()) {
        random_source random(seed++);
        CAPTURE(random.seed());
        CAPTURE(ops::paged_mqa_logits::source_of(kernel.info));
        sim::options machine{.policy = sim::policy::random, .seed = random.seed()};
        machine.num_sms = int(random.integer(1, 4));
        paged_sample size{i32(random.integer(1, 7)), i32(random.integer(1, 4)), i32(random.integer(1, 400))};
        size.per_query = random.integer(0, 1) != 0;
        size.whole = random.integer(0, 1) != 0;
        paged_mqa_logits_sample sample(random, kernel.info.traits, size, tolerance::fp32);
        CHECK(run(random, sample, kernel, machine) == "");
        sample.restore();
        sample.renew(random);
        CHECK(run(random, sample, kernel, machine) == "");
    }
}

TEST_CASE("paged_mqa_logits: as docs/ops/paged_mqa_logits.md shows it") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const i32 requests = 5, next_n = 2, columns = 300;
    paged_mqa_logits_sample sample(random, {}, {requests, next_n, columns, false, false, 0}, tolerance::fp32);
    const paged_engine engine(paged_kernels(), device_info::simulator());
    const paged_mqa_logits_problem p = sample.problem();
    const e4m3* const q = p.q;
    const void *const cache = p.cache, *const weights = p.weights;
    const i32 *const lengths = p.lengths, *const block_table = p.block_table;
    void* const logits = p.logits;
    const i64 pages = p.pages, page_stride = p.page_stride, weights_stride = p.weights_stride,
              table_columns = p.table_columns, table_stride = p.table_stride, logits_stride = p.logits_stride;
    // [call]
    const auto done = fp8_paged_mqa_logits(engine, {.requests = requests,
                                                    .next_n = next_n,
                                                    .heads = 64,
                                                    .depth = 128,
                                                    .columns = columns,
                                                    .block = 64,
                                                    .pages = pages,
                                                    .q = q,          // (requests, next_n, heads, depth)
                                                    .cache = cache,  // (pages): keys, then scales
                                                    .page_stride = page_stride,
                                                    .weights = weights,  // (queries, heads) FP32
                                                    .weights_stride = weights_stride,
                                                    .lengths = lengths,          // (requests)
                                                    .block_table = block_table,  // (requests, table_columns)
                                                    .table_columns = table_columns,
                                                    .table_stride = table_stride,
                                                    .logits = logits,  // (queries, columns) FP32
                                                    .logits_stride = logits_stride});
    // [call]
    CHECK_MESSAGE(done, (done ? "" : done.failure().message));
    CHECK(sample.verdict() == "");
}

TEST_CASE("paged_mqa_logits: a call for requests of any number of queries") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    paged_mqa_logits_sample sample(random, {}, {20, 1, 300, false, false, 3}, tolerance::fp32);
    paged_mqa_logits_problem problem = sample.problem();
    problem.next_n = 2;  // most requests have about two
    const auto done = fp8_paged_mqa_logits(paged_engine(paged_kernels(), device_info::simulator()), problem);
    CHECK((done ? sample.verdict() : done.failure().message) == "");
}

TEST_CASE("paged_mqa_logits: strides of 0 stand for dense rows") {
    const auto args = ops::paged_mqa_logits::arguments_of(made_up());
    CHECK(args.in.page_bytes == 64 * 132);
    CHECK(args.in.weights_pitch == 64);
    CHECK(args.in.table_pitch == 79);
    CHECK(args.in.longest == 5000);
    CHECK(args.out.pitch == 5000);
    paged_mqa_logits_problem narrow = made_up();
    narrow.table_columns = 10;
    CHECK(ops::paged_mqa_logits::arguments_of(narrow).in.longest == 640);
    CHECK(ops::paged_mqa_logits::arguments_of(narrow).in.table_pitch == 10);
}

TEST_CASE("paged_mqa_logits: nothing to compute needs no memory") {
    const paged_engine engine(paged_kernels(), device_info::simulator());
    CHECK(fp8_paged_mqa_logits(engine, {.requests = 0, .heads = 64, .depth = 128, .columns = 10}));
    CHECK(fp8_paged_mqa_logits(engine, {.requests = 10, .heads = 64, .depth = 128, .columns = 0}));
}

TEST_CASE("paged_mqa_logits: a cache without pages serves empty contexts") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    paged_mqa_logits_sample sample(random, {}, {5, 1, 70}, tolerance::fp32);
    const std::vector<i32> nothing(5, 0);
    paged_mqa_logits_problem problem = sample.problem();
    problem.lengths = nothing.data();
    problem.pages = 0;
    problem.cache = nullptr;
    const auto done = fp8_paged_mqa_logits(paged_engine(paged_kernels(), device_info::simulator()), problem);
    CHECK_MESSAGE(done, (done ? "" : done.failure().message));
    const float* const logits = static_cast<const float*>(problem.logits);
    for (i64 i = 0; i < 5 * 70; ++i) CHECK(logits[i / 70 * problem.logits_stride + i % 70] == -HUGE_VALF);
}

TEST_CASE("paged_mqa_logits: refused before anything is launched; tests/docs/rules.cpp has all sentences") {
    const paged_engine engine(paged_kernels(), device_info::simulator());
    const auto refused = [&](auto change) {
        paged_mqa_logits_problem p = made_up();
        change(p);
        const auto done = fp8_paged_mqa_logits(engine, p);
        return done ? "" : concat(name_of(done.failure().code), ": ", done.failure().message);
    };
    CHECK(refused([](auto& p) { p.block = 48; }) == "shape_mismatch: a page has 48 keys; it must have 32, 64 or 128");
    CHECK(refused([](auto& p) { p.cache = nullptr; }) == "null_pointer: the cache has no data: its pointer is null");
    const auto early = make_paged_mqa_schedule(engine, made_up());
    REQUIRE_FALSE(early);
    CHECK(early.failure().message.find("schedule_words is 0") == 0);
    CHECK(ops::paged_mqa_logits::check(paged_mqa_logits_workload{.queries = -1}).failure().code == errc::bad_extent);
}

TEST_CASE("paged_mqa_logits: a plan, and what no kernel runs") {
    const paged_engine engine(paged_kernels(), device_info::h200());
    for (const int next_n : {1, 2, 4}) {
        paged_mqa_logits_problem p = made_up();
        p.next_n = next_n;
        const auto plan = engine.plan(p);
        REQUIRE(plan);
        const std::string text = explain(*plan);
        CAPTURE(text);
        CHECK(text.find(concat(100 * next_n, " queries, ", next_n, " a request, of 64 heads of 128, 5000 columns")) !=
              std::string::npos);
        CHECK(plan->kernel()->info.cfg.tile_queries() == next_n);
    }
    paged_mqa_logits_problem other = made_up();
    other.heads = 12;
    other.next_n = 7;
    const auto none = engine.plan(other);
    REQUIRE_FALSE(none);
    CAPTURE(none.failure().message);
    CHECK(none.failure().code == errc::no_kernel);
    CHECK(none.failure().message.find("shipped::paged_mqa_logits_kernel<paged_mqa_traits{.stored = ") !=
          std::string::npos);
    CHECK(none.failure().message.find("paged_mqa_config{.queries = 7") != std::string::npos);
}

}  // namespace paged_mqa_logits_op_tests
