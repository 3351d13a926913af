// SPDX-License-Identifier: MIT
// Scores of paged keys against sums in double precision, and bit by bit where these are whole numbers: contexts of any length,
// requests of any number of queries, pages anywhere, all types and forms of logits.
#include <deepgemm/host/sim_launch.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "far_rows.hpp"
#include "machines.hpp"
#include "paged_scores.hpp"

namespace paged_mqa_logits_tests {

using namespace deepgemm;
using test::bits_of;
using test::on_machines;
using test::paged_sample;
using test::paged_scores;

namespace {

/// A kernel for paged scores, all in one type.
template <mqa_logits_traits Traits, int Block, class T, logits_form Form, paged_mqa_config Config>
using kernel_of = paged_mqa_logits<arch::sm90, Traits, Block, store_logits<T, Form>, Config>;

template <class K, class Scores>
std::string outcome_of_pages(Scores& on, const sim::options& machine) {
    const auto done = sim::try_launch<K>(on.template arguments<typename K::arguments>(),
                                         {.dependent_launch = machine.dependent_launch}, machine);
    return done ? on.verdict(tolerance::fp32) : done.failure().message;
}

/// A few samples under each policy, on different numbers of multiprocessors; extents are random.
template <mqa_logits_traits Traits, int Block = 64, class T = float, logits_form Form = logits_form::full,
          paged_mqa_config Config = paged_mqa_config{}>
void check(i32 next_n, i32 most_columns = 700, int runs = 2) {
    using kernel = kernel_of<Traits, Block, T, Form, Config>;
    on_machines(runs, [&](random_source& random, sim::options machine) {
        machine.num_sms = int(random.integer(1, 5));
        machine.dependent_launch = random.integer(0, 1) != 0;
        paged_sample size{i32(random.integer(1, 9)), next_n, i32(random.integer(1, most_columns)), true, false, 0};
        size.per_query = random.integer(0, 1) != 0;
        if (next_n == 1 && random.integer(0, 1) != 0) {
            size.varlen = i32(random.integer(2, 7));
            size.requests *= 3;
        }
        CAPTURE(size.requests);
        CAPTURE(size.columns);
        CAPTURE(size.varlen);
        for (const bool whole : {true, false}) {
            size.whole = whole;
            paged_scores<T, mqa_element<Traits.weights>> made(random, Traits, Block, Form, size);
            CHECK(outcome_of_pages<kernel>(made, machine) == "");
        }
    });
}

}  // namespace

TEST_CASE("paged mqa logits: 64 heads of depth 128, from one query to five") {
    check<mqa_logits_traits{}>(1);
    check<mqa_logits_traits{}, 64, float, logits_form::full, paged_mqa_config::of(64, 2)>(2);
    check<mqa_logits_traits{}, 64, float, logits_form::unclean, paged_mqa_config::of(64, 3)>(3, 300);
    check<mqa_logits_traits{}, 64, float, logits_form::full, paged_mqa_config::of(64, 4)>(4, 300);
    check<mqa_logits_traits{}, 64, float, logits_form::full, paged_mqa_config::of(64, 5)>(5, 200, 1);
}
TEST_CASE("paged mqa logits: pages of 32 and 128 keys") {
    check<mqa_logits_traits{.heads = 32, .depth = 32}, 32>(1);
    check<mqa_logits_traits{.heads = 32, .depth = 64}, 32, float, logits_form::unclean, paged_mqa_config::of(32, 2)>(2);
    check<mqa_logits_traits{.heads = 16}, 32, float, logits_form::full, paged_mqa_config::of(16, 3)>(3);
    check<mqa_logits_traits{.heads = 32, .depth = 32}, 128>(1, 1500);
    check<mqa_logits_traits{.heads = 32, .depth = 64}, 128, float, logits_form::full, paged_mqa_config::of(32, 4)>(4);
    check<mqa_logits_traits{.heads = 16}, 128, float, logits_form::unclean, paged_mqa_config::of(16, 2)>(2);
}
TEST_CASE("paged mqa logits: heads that are odd multiples of four, and others") {
    check<mqa_logits_traits{.heads = 4, .depth = 32}, 64, float, logits_form::full, paged_mqa_config::of(4, 7)>(7);
    check<mqa_logits_traits{.heads = 12, .depth = 32}, 32, float, logits_form::full, paged_mqa_config::of(12, 3)>(3);
    check<mqa_logits_traits{.heads = 20, .depth = 64}>(1);
    check<mqa_logits_traits{.heads = 36, .depth = 32}, 64, float, logits_form::full, paged_mqa_config::of(36, 3)>(3);
    check<mqa_logits_traits{.heads = 100, .depth = 32}, 64, float, logits_form::unclean>(1);
    check<mqa_logits_traits{.heads = 24, .depth = 32}, 64, float, logits_form::full, paged_mqa_config::of(24, 2)>(2);
    check<mqa_logits_traits{.heads = 128, .depth = 128}, 64, float, logits_form::full, paged_mqa_config::of(128, 2)>(
        2, 200);
}
TEST_CASE("paged mqa logits: types of logits and of weights") {
    check<mqa_logits_traits{.heads = 32, .depth = 32, .weights = dtype::bf16}, 64, bf16>(1);
    check<mqa_logits_traits{.heads = 12, .depth = 32, .weights = dtype::f16}, 64, f16, logits_form::unclean>(1);
    check<mqa_logits_traits{.heads = 20, .depth = 32, .weights = dtype::bf16}, 32, f16>(1);
    check<mqa_logits_traits{.heads = 64, .depth = 32, .weights = dtype::f16}, 128, bf16>(1);
}
TEST_CASE("paged mqa logits: more queries of a request than a kernel takes at once, or fewer") {
    constexpr mqa_logits_traits traits{.heads = 32, .depth = 32};
    check<traits>(3);
    check<traits, 64, float, logits_form::full, paged_mqa_config{.queries = 2}>(5);
    check<traits, 64, float, logits_form::full, paged_mqa_config{.queries = 4, .query_groups = 3}>(1);
    check<traits, 64, bf16, logits_form::full, paged_mqa_config{.queries = 1, .query_groups = 4}>(9, 300);
    check<traits, 32, float, logits_form::unclean, paged_mqa_config{.queries = 2, .query_groups = 2}>(7, 300);
}
TEST_CASE("paged mqa logits: requests of any number of queries, by their indices") {
    constexpr mqa_logits_traits traits{.heads = 8, .depth = 32};
    check<traits, 64, float, logits_form::full, paged_mqa_config{.queries = 2}>(1);
    check<traits, 64, float, logits_form::full, paged_mqa_config{.queries = 3}>(1);
    check<traits, 32, float, logits_form::full, paged_mqa_config{.queries = 2, .query_groups = 2}>(1);
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    using kernel = kernel_of<traits, 64, float, logits_form::full, paged_mqa_config{.queries = 3, .query_groups = 2}>;
    for (const i32 most : {700, 3}) {  // a request that is longer than a window, and many
        paged_scores<float, float> made(random, traits, 64, logits_form::full, {700, 1, 70, false, false, most});
        CHECK(outcome_of_pages<kernel>(made, {.num_sms = 7}) == "");
    }
}
TEST_CASE("paged mqa logits: other configurations") {
    constexpr mqa_logits_traits traits{.heads = 64, .depth = 32};
    check<traits, 64, float, logits_form::full, paged_mqa_config{.key_groups = 1, .stages = 2}>(1);
    check<traits, 64, float, logits_form::full, paged_mqa_config{.key_groups = 4, .stages = 8, .start_cost = 0}>(1);
    check<traits, 32, float, logits_form::unclean, paged_mqa_config{.key_groups = 2, .keys = 128, .stages = 4}>(1, 700,
                                                                                                                1);
    check<traits, 64, bf16, logits_form::full, paged_mqa_config{.key_groups = 3, .keys = 128}>(1, 700, 1);
    check<traits, 128, float, logits_form::full, paged_mqa_config{.queries = 2, .query_groups = 2, .keys = 128}>(4, 700,
                                                                                                                 1);
    check<traits, 64, float, logits_form::full,
          paged_mqa_config{.queries = 4, .key_groups = 2, .stages = 4, .added = 0, .start_cost = 5}>(4);
}
TEST_CASE("paged mqa logits: neither requests nor columns") {
    using kernel = kernel_of<mqa_logits_traits{}, 64, float, logits_form::full, paged_mqa_config{}>;
    CHECK(kernel::grid({.in = {.requests = 0, .columns = 5}}, 132) == 0);
    CHECK(kernel::grid({.in = {.requests = 5, .columns = 0}}, 132) == 0);
}
TEST_CASE("paged mqa logits: the configuration for a number of queries") {
    const auto shape = [](int heads, int next_n) {
        const auto made = paged_mqa_config::of(heads, next_n).settled();
        return std::array{made.queries, made.query_groups, made.key_groups, made.keys};
    };
    CHECK(shape(64, 1) == std::array{1, 1, 3, 64});
    CHECK(shape(64, 2) == std::array{2, 1, 3, 64});
    CHECK(shape(64, 3) == std::array{1, 3, 1, 64});
    CHECK(shape(64, 4) == std::array{2, 2, 2, 128});
    CHECK(shape(64, 9) == std::array{2, 3, 1, 128});
    CHECK(shape(32, 4) == std::array{4, 1, 3, 64});
    CHECK(shape(128, 5) == std::array{1, 3, 1, 128});
    CHECK(shape(4, 6) == std::array{6, 1, 3, 64});
    CHECK(shape(4, 0x7fff0000) == std::array{8, 4, 1, 64});
}
TEST_CASE(
    "paged mqa logits: the same bits with a stored schedule, on any number of multiprocessors, under every order") {
    constexpr mqa_logits_traits traits{.heads = 24, .depth = 32};
    using kernel = kernel_of<traits, 64, float, logits_form::full, paged_mqa_config{.queries = 2}>;
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    for (const i32 varlen : {0, 4}) {
        const paged_sample size{varlen ? 40 : 20, varlen ? 1 : 2, 900, false, true, varlen};
        paged_scores<float, float> first(random, traits, 64, logits_form::full, size);
        const auto poisoned = first.logits;
        REQUIRE(outcome_of_pages<kernel>(first, {.num_sms = 1}) == "");
        std::vector<i32> schedule(std::size_t(kernel::tiles::schedule_words(12)), 0);
        for (int i = 0; i < 16; ++i) {
            auto again = first;
            again.logits = poisoned;
            auto args = again.arguments<kernel::arguments>();
            sim::options machine{.policy = sim::policy::random, .seed = u64(random.integer(0, 1 << 30))};
            machine.num_sms = int(random.integer(2, 12));
            if (i % 2 != 0) {
                args.in.schedule = schedule.data();
                args.in.schedule_words = i64(schedule.size());
            }
            if (i % 4 == 3) {                   // else the schedule is for another number of CTAs, holds zeros, or
                const bool fewer = i % 8 == 7;  // is for half of the queries, and then not used
                auto maker = paged_mqa_arguments<logits_arguments>{args};
                maker.in.makes_schedule = true;
                maker.in.q = maker.in.cache = maker.in.weights = maker.in.table = nullptr;
                maker.out.logits = nullptr;
                if (fewer) maker.in.requests /= 2;
                const auto made = sim::try_launch<kernel>(maker, {}, machine);
                REQUIRE((made ? "" : made.failure().message) == "");
                CHECK(schedule[0] == 2);
                CHECK(schedule[1] == machine.num_sms);
                CHECK(schedule[2] == maker.in.requests * maker.in.next_n);
            }
            const auto done = sim::try_launch<kernel>(args, {}, machine);
            REQUIRE((done ? "" : done.failure().message) == "");
            CHECK(std::ranges::equal(again.logits, first.logits, {}, bits_of<float>, bits_of<float>));
        }
    }
}
TEST_CASE("paged mqa logits: a schedule for other lengths reads no entry that has no meaning") {
    constexpr mqa_logits_traits traits{.heads = 8, .depth = 32};
    using kernel = kernel_of<traits, 64, float, logits_form::unclean, paged_mqa_config{}>;
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const sim::options machine{.num_sms = 4};
    for (int i = 0; i < 10; ++i) {
        const paged_sample size{i32(random.integer(1, 20)), 1, 500, false, false, 0};
        paged_scores<float, float> before(random, traits, 64, logits_form::unclean, size);
        std::vector<i32> schedule(std::size_t(kernel::tiles::schedule_words(4)), 0);
        auto args = before.arguments<kernel::arguments>();
        args.in.schedule = schedule.data();
        args.in.schedule_words = i64(schedule.size());
        args.in.makes_schedule = true;
        const auto made = sim::try_launch<kernel>(args, {}, machine);
        REQUIRE((made ? "" : made.failure().message) == "");
        paged_scores<float, float> after(random, traits, 64, logits_form::unclean, size);
        args = after.arguments<kernel::arguments>();
        args.in.schedule = schedule.data();
        args.in.schedule_words = i64(schedule.size());
        const auto done = sim::try_launch<kernel>(args, {}, machine);
        CHECK((done ? "" : done.failure().message) == "");
    }
}
namespace {
/// A sink for which more keys count than a context may have.
struct any_length : store_logits<float, logits_form::unclean> {
    DEEPGEMM_BOTH static constexpr i32 longest(const arguments&, i32) { return 1 << 20; }
};
}  // namespace
TEST_CASE("paged mqa logits: no sink sees keys behind the columns or the block table") {
    constexpr mqa_logits_traits traits{.heads = 8, .depth = 32};
    using kernel = paged_mqa_logits<arch::sm90, traits, 64, any_length>;
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    // A tenth of the contexts are longer than the columns.
    paged_scores<float, float> made(random, traits, 64, logits_form::unclean, {40, 1, 70, false, false, 0});
    CHECK(outcome_of_pages<kernel>(made, {}) == "");
}
TEST_CASE("paged mqa logits: pages and rows further apart than 2^31 elements") {
    constexpr mqa_logits_traits traits{.heads = 8, .depth = 32};
    using kernel = kernel_of<traits, 64, float, logits_form::full, paged_mqa_config{}>;
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    paged_scores<float, float> made(random, traits, 64, logits_form::full, {5, 1, 100, false, false, 0});
    const test::far_rows<u8> cache(made.pages);
    const test::far_rows<i32> table(5);
    const test::far_rows<float> logits(5);
    cache.write(made.cache.data(), made.page_bytes, 64 * (traits.depth + 4));
    table.write(made.table.data(), made.table_pitch, made.table_columns);
    auto args = made.arguments<kernel::arguments>();
    args.in.cache = cache.data();
    args.in.table = table.data();
    args.out.logits = logits.data();
    args.in.page_bytes = args.in.table_pitch = args.out.pitch = cache.pitch;
    CHECK(sim::try_launch<kernel>(args));
    logits.read(made.logits.data(), made.pitch, made.size.columns);
    CHECK(made.verdict(tolerance::fp32) == "");
}
TEST_CASE("paged mqa logits: a page that does not exist is named") {
    constexpr mqa_logits_traits traits{.heads = 8, .depth = 32};
    using kernel = kernel_of<traits, 64, float, logits_form::full, paged_mqa_config{}>;
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    for (const i32 bad : {-1, 1000000}) {
        paged_scores<float, float> made(random, traits, 64, logits_form::full, {5, 1, 200, false, false, 0});
        made.lengths[3] = 130;
        made.pages = 50;
        made.table[std::size_t(3 * made.table_pitch + 2)] = bad;
        for (i32 i = 0; i < 5; ++i) made.lengths[std::size_t(i)] = i == 3 ? 130 : 0;
        made.table[std::size_t(3 * made.table_pitch)] = made.table[std::size_t(3 * made.table_pitch + 1)] = 0;
        const std::string said = outcome_of_pages<kernel>(made, {});
        CAPTURE(said);
        CHECK(said.find(concat("the block table names page ", bad, ", but the cache has 50 pages")) !=
              std::string::npos);
    }
}

}  // namespace paged_mqa_logits_tests
