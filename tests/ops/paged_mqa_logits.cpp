// SPDX-License-Identifier: MIT
// Scores of paged keys as an operation on the simulator: through an engine and by every shipped kernel, with and without a
// schedule made in advance, planned, explained, refused.
#include <deepgemm/host/explain.hpp>
#include <deepgemm/host/sim_launch.hpp>
#include <deepgemm/ops/paged_mqa_logits/paged_mqa_logits.hpp>
#include <deepgemm/ops/paged_mqa_logits/shipped.cuh>

#include <doctest/doctest.h>

#include "../kernel/paged_scores.hpp"

namespace paged_mqa_logits_op_tests {

using namespace deepgemm;
using test::paged_sample;
using test::paged_scores;

namespace {

using paged_engine = engine_of<ops::paged_mqa_logits>;

template <class... Kernels>
std::span<const paged_mqa_logits_handle> handles_of(shipped::kernels<Kernels...>) {
    return sim::kernel_list<Kernels...>;
}
std::span<const paged_mqa_logits_handle> all_kernels() { return handles_of(shipped::all_of<ops::paged_mqa_logits>()); }
paged_engine engine_of_kernel(const paged_mqa_logits_handle& kernel) {
    return {std::span(&kernel, 1), device_info::simulator()};
}

template <class T, class W>
paged_mqa_logits_problem problem_of(paged_scores<T, W>& made) {
    // [problem]
    return {.requests = made.size.requests,
            .next_n = made.size.next_n,
            .heads = made.traits.heads,
            .depth = made.traits.depth,
            .columns = made.size.columns,
            .block = made.block,
            .pages = made.pages,
            .q = made.q.data(),
            .cache = made.cache.data(),
            .page_stride = made.page_bytes,
            .weights = made.weights.data(),
            .weights_type = dtype_of<W>,
            .weights_stride = made.weights_pitch,
            .lengths = made.lengths.data(),
            .per_query = made.size.per_query,
            .indices = made.indices.empty() ? nullptr : made.indices.data(),
            .block_table = made.table.data(),
            .table_columns = made.table_columns,
            .table_stride = made.table_pitch,
            .logits = made.logits.data(),
            .logits_type = dtype_of<T>,
            .logits_stride = made.pitch,
            .form = made.form};
    // [problem]
}

/// Runs a random sample for what a kernel computes, through the named operation, with a schedule made in advance or without: "",
/// the error or what is wrong.
template <class T>
std::string run_sample(random_source& random, const paged_mqa_logits_handle& kernel, sim::options machine) {
    const auto& what = kernel.info.traits;
    paged_sample size{i32(random.integer(1, 7)), i32(random.integer(1, 4)), i32(random.integer(1, 400))};
    size.per_query = random.integer(0, 1) != 0;
    paged_scores<T, float> made(random, what.stored.scores, what.block, what.stored.form, size);
    const paged_engine engine = engine_of_kernel(kernel);
    paged_mqa_logits_problem problem = problem_of(made);
    std::vector<i32> schedule(std::size_t(paged_mqa_schedule_words(random.integer(1, 4))), -1);
    if (random.integer(0, 1) != 0) {
        problem.schedule = schedule.data();
        problem.schedule_words = i64(schedule.size());
        const paged_mqa_logits_problem early{.requests = problem.requests,
                                             .next_n = problem.next_n,
                                             .heads = problem.heads,
                                             .depth = problem.depth,
                                             .columns = problem.columns,
                                             .block = problem.block,
                                             .lengths = problem.lengths,
                                             .per_query = problem.per_query,
                                             .logits_type = problem.logits_type,
                                             .form = problem.form,
                                             .schedule = problem.schedule,
                                             .schedule_words = problem.schedule_words};
        const auto shared = make_paged_mqa_schedule(engine, early, {.stream = &machine});
        if (!shared) return shared.failure().message;
        if (schedule[0] != kernel.info.cfg.tile_queries()) return "there is no schedule";
    }
    const auto done = fp8_paged_mqa_logits(engine, problem, {.stream = &machine});
    return done ? made.verdict(tolerance::fp32) : done.failure().message;
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
    for (const paged_mqa_logits_handle& kernel : all_kernels()) {
        for (int i = 0; i < 2; ++i) {
            random_source random(fresh_seed());
            CAPTURE(random.seed());
            CAPTURE(ops::paged_mqa_logits::source_of(kernel.info));
            sim::options machine{.policy = sim::policy::random, .seed = random.seed()};
            machine.num_sms = int(random.integer(1, 4));
            const bool wide = kernel.info.traits.stored.logits == dtype::f32;
            CHECK((wide ? run_sample<float>(random, kernel, machine) : run_sample<bf16>(random, kernel, machine)) ==
                  "");
        }
    }
}

TEST_CASE("paged_mqa_logits: a call for requests of any number of queries") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const mqa_logits_traits scores{};
    paged_scores<float, float> made(random, scores, 64, logits_form::full, {20, 1, 300, false, false, 3});
    const paged_engine engine(all_kernels(), device_info::simulator());
    paged_mqa_logits_problem problem = problem_of(made);
    problem.next_n = 2;  // most requests have about two
    const auto done = fp8_paged_mqa_logits(engine, problem);
    CHECK((done ? made.verdict(tolerance::fp32) : done.failure().message) == "");
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
    const paged_engine engine(all_kernels(), device_info::simulator());
    CHECK(fp8_paged_mqa_logits(engine, {.requests = 0, .heads = 64, .depth = 128, .columns = 10}));
    CHECK(fp8_paged_mqa_logits(engine, {.requests = 10, .heads = 64, .depth = 128, .columns = 0}));
}

TEST_CASE("paged_mqa_logits: a cache without pages serves empty contexts") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    paged_scores<float, float> made(random, mqa_logits_traits{}, 64, logits_form::full, {5, 1, 70});
    for (i32& length : made.lengths) length = 0;
    paged_mqa_logits_problem problem = problem_of(made);
    problem.pages = 0;
    problem.cache = nullptr;
    const auto done = fp8_paged_mqa_logits(paged_engine(all_kernels(), device_info::simulator()), problem);
    CHECK((done ? made.verdict(0) : done.failure().message) == "");
}

TEST_CASE("paged_mqa_logits: refused before anything is launched; tests/docs/rules.cpp has all sentences") {
    const paged_engine engine(all_kernels(), device_info::simulator());
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
    const paged_engine engine(all_kernels(), device_info::h200());
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
