// SPDX-License-Identifier: MIT
// fp8_paged_mqa_topk on the simulator: the bits of its two operations for every kind of contexts, in chunks of any length, with
// schedules, and what is refused.
#include <deepgemm/host/sim_launch.hpp>
#include <deepgemm/ops/paged_mqa_logits/shipped.cuh>
#include <deepgemm/ops/topk/paged_mqa_topk.hpp>
#include <deepgemm/ops/topk/shipped.cuh>

#include <doctest/doctest.h>

#include "../kernel/machines.hpp"
#include "best_keys.hpp"
#include "paged_mqa_logits_sample.hpp"

namespace paged_mqa_topk_tests {

using namespace deepgemm;
using test::best_keys;
using test::paged_mqa_logits_sample;
using test::paged_sample;

namespace {

using both_engine = engine_of<ops::paged_mqa_logits, ops::topk>;

constexpr paged_mqa_traits traits_of(int heads, dtype logits, int block) {
    return {{{heads, 32}, logits, logits_form::unclean}, block};
}
template <int Heads, dtype Logits, int Block>
using scores_kernel = shipped::paged_mqa_logits_kernel<traits_of(Heads, Logits, Block), paged_mqa_config::of(Heads, 2)>;

both_engine both_on_simulator() {
    static constexpr auto scoring =
        sim::kernel_list<scores_kernel<64, dtype::f32, 64>, scores_kernel<12, dtype::f32, 32>,
                         scores_kernel<32, dtype::bf16, 128>>;
    static constexpr auto selecting = sim::kernel_list<shipped::selector<dtype::f32>, shipped::selector<dtype::bf16>>;
    both_engine made(scoring, device_info::simulator());
    made.with(selecting);
    return made;
}

std::string message_of(const result<void>& done) { return done ? "" : done.failure().message; }

/// Workspaces of several sizes against the logits of fp8_paged_mqa_logits, sorted.
template <class T>
void check_paged(int heads, int block, paged_sample size) {
    test::on_machines(1, [&](random_source& random, sim::options machine) {
        machine.num_sms = int(random.integer(1, 4));
        machine.dependent_launch = random.integer(0, 1) != 0;
        size.columns = i32(random.integer(1, 500));
        size.whole = random.integer(0, 1) != 0;  // many scores are equal
        paged_mqa_logits_sample sample(random, traits_of(heads, dtype_of<T>, block), size);
        const both_engine engine = both_on_simulator();
        paged_mqa_logits_problem whole = sample.problem();
        if (random.integer(0, 1) != 0) {  // some columns have no pages
            whole.table_stride = detail::stride_or(whole.table_stride, whole.table_columns);
            whole.table_columns = random.integer(1, whole.table_columns);
        }
        const i64 queries = detail::paged_queries(whole), k = random.integer(1, 100);
        CAPTURE(queries);
        CAPTURE(size.columns);
        CAPTURE(k);
        REQUIRE(message_of(fp8_paged_mqa_logits(engine, whole, {.stream = &machine})) == "");
        const best_keys wanted = test::best_of_logits<T>(whole, queries, k);

        paged_mqa_logits_problem problem = whole;
        problem.logits = nullptr;
        problem.logits_stride = 0;
        std::vector<i32> schedule(std::size_t(paged_mqa_schedule_words(machine.num_sms)));
        problem.schedule = schedule.data();
        problem.schedule_words = i64(schedule.size());
        REQUIRE(message_of(make_paged_mqa_schedule(engine, problem, {.stream = &machine})) == "");
        problem.form = logits_form::full;  // does not matter from here on
        const u64 least = paged_mqa_topk_workspace_bytes(problem);
        for (const u64 bytes : {least, 2 * least + 16, 20 * least}) {
            std::vector<float> memory(bytes / 4, std::numeric_limits<float>::quiet_NaN());
            best_keys got(queries, k);
            void *const workspace = memory.data(), *const stream = &machine;
            const mqa_topk_result to = got.to();
            // [call]
            const auto done = fp8_paged_mqa_topk(engine, problem, to, {workspace, bytes}, {.stream = stream});
            // [call]
            CHECK(message_of(done) == "");
            CHECK((got == wanted));
        }
    });
}

}  // namespace

TEST_CASE("fp8_paged_mqa_topk: the best of each request's context, in any chunks") {
    check_paged<float>(64, 64, {.requests = 7, .next_n = 1});
    check_paged<float>(12, 32, {.requests = 5, .next_n = 3});
    check_paged<bf16>(32, 128, {.requests = 4, .next_n = 2});
}

TEST_CASE("fp8_paged_mqa_topk: queries with contexts of their own") {
    check_paged<float>(64, 64, {.requests = 5, .next_n = 2, .per_query = true});
    check_paged<float>(12, 32, {.requests = 3, .next_n = 5, .per_query = true});
}

TEST_CASE("fp8_paged_mqa_topk: requests of any number of queries") {
    check_paged<float>(64, 64, {.requests = 9, .varlen = 3});
    check_paged<float>(12, 32, {.requests = 9, .per_query = true, .varlen = 4});
}

TEST_CASE("fp8_paged_mqa_topk: what no call takes needs no workspace") {
    const auto bytes = [](auto change) {
        paged_mqa_logits_problem p{.requests = 6, .next_n = 2, .heads = 64, .depth = 32, .columns = 100};
        change(p);
        return paged_mqa_topk_workspace_bytes(p);
    };
    const i32 index = 0;
    CHECK(bytes([](auto& p) { p.form = logits_form::compressed; }) == 2 * 512);
    CHECK(bytes([&](auto& p) { p.indices = &index; }) == 6 * 512);
    CHECK(bytes([](auto& p) { p.columns = -100; }) == 0);
    CHECK(bytes([](auto& p) { p.next_n = -2; }) == 0);
    CHECK(bytes([](auto& p) { p.logits_type = dtype::e4m3; }) == 0);
    CHECK(bytes([&](auto& p) { p.indices = &index, p.requests = i64(1) << 62; }) == 0);
    CHECK(bytes([](auto& p) { p.requests = p.next_n = i64(1) << 40; }) == 0);
}

TEST_CASE("fp8_paged_mqa_topk: what is refused, and nothing to do") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const i32 requests = 6, next_n = 2, columns = 100;
    paged_mqa_logits_sample sample(random, traits_of(64, dtype::f32, 64), {requests, next_n, columns});
    const paged_mqa_logits_problem given = sample.problem();
    const both_engine engine = both_on_simulator();
    best_keys best(12, 5);
    const u64 least = paged_mqa_topk_workspace_bytes(given);
    CHECK(least == 2 * 512);
    std::vector<float> memory(least / 4);
    const auto refused = [&](auto change, u64 bytes) {
        paged_mqa_logits_problem p = given;
        mqa_topk_result to = best.to();
        workspace_memory workspace{memory.data(), bytes};
        change(p, to, workspace);
        const auto done = fp8_paged_mqa_topk(engine, p, to, workspace);
        CHECK_FALSE(done);
        CHECK(best.untouched());
        return message_of(done);
    };
    const auto nothing = [](auto&...) {};
    CHECK(refused(nothing, least - 1) ==
          "the workspace has 1023 bytes; it must have at least 1024 for 2 queries of 100 keys");
    CHECK(refused([](auto&, auto&, auto& w) { w.data = nullptr; }, least) ==
          "the workspace has no data: its pointer is null");
    CHECK(refused([](auto& p, auto&, auto& w) { w.data = const_cast<e4m3*>(p.q); }, least)
              .find("the workspace overlaps") != std::string::npos);
    CHECK(refused([](auto&, auto& to, auto&) { to.indices.rows = 11; }, least) ==
          "indices are 11 x 5; 12 rows of logits and k = 5 need 12 x 5");
    CHECK(refused([](auto& p, auto&, auto&) { p.lengths = nullptr; }, least) ==
          "the lengths have no data: their pointer is null");
    CHECK(refused([](auto& p, auto&, auto&) { p.block = 48; }, least) ==
          "a page has 48 keys; it must have 32, 64 or 128");
    CHECK(refused([](auto& p, auto&, auto&) { p.logits_type = dtype::e4m3; }, least).find("e4m3") != std::string::npos);
    CHECK(refused([](auto& p, auto&, auto&) { p.schedule_words = 99, p.makes_schedule = true; }, least) ==
          "makes_schedule is set; a call for the best keys makes no schedule");
    // A schedule is for all requests.
    paged_mqa_logits_problem scheduled = given;
    i32 word = 0;
    scheduled.schedule = &word;
    CHECK(detail::chunk_of(scheduled, best.to(), memory.data(), 0, 12).scores.schedule == &word);
    CHECK(detail::chunk_of(scheduled, best.to(), memory.data(), 0, 10).scores.schedule == nullptr);
    // With indices no request is known to end before the last query.
    const std::vector<i32> indices(12, 0);
    CHECK(refused(
              [&](auto& p, auto&, auto&) {
                  p.requests = 12;
                  p.indices = indices.data();
              },
              least) == "the workspace has 1024 bytes; it must have at least 6144 for 12 queries of 100 keys");
    const both_engine without(device_info::simulator());
    CHECK_FALSE(fp8_paged_mqa_topk(without, given, best.to(), {memory.data(), least}));
    CHECK(best.untouched());

    paged_mqa_logits_problem empty = given;
    empty.columns = 0;
    CHECK(message_of(fp8_paged_mqa_topk(engine, empty, best.to(), {})) == "");
    CHECK(best.indices == std::vector<i32>(60, -1));
    empty.requests = 0;
    CHECK(message_of(fp8_paged_mqa_topk(engine, empty, {{nullptr, dtype::i32, 0, 5, 5, 1}}, {})) == "");
}

}  // namespace paged_mqa_topk_tests
