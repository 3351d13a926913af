// SPDX-License-Identifier: MIT
// The HyperConnection prenorm against sums in double precision, and exactly where these are whole numbers: tails of M, N and K,
// K split by clusters and into parts, more tiles than CTAs.
#include <deepgemm/host/sim_launch.hpp>

#include <doctest/doctest.h>

#include "prenorm_products.hpp"

namespace hc_prenorm_tests {

using namespace deepgemm;
using test::prenorm_product;

namespace {

template <class K>
std::string outcome(prenorm_product& on, const sim::options& machine, double tolerance) {
    const auto done = sim::try_launch<K>(on.arguments(), {.dependent_launch = machine.dependent_launch}, machine);
    return done ? on.verdict(tolerance) : done.failure().message;
}

/// A few products under each policy, whole numbers exactly and normal ones nearly; extents are random.
template <hc_prenorm_config Config, partial_sums Sums = partial_sums::added>
void check(int runs = 2) {
    using kernel = hc_prenorm<arch::sm90, Config, Sums>;
    u64 seed = fresh_seed();
    for (const auto policy : {sim::policy::lazy, sim::policy::random, sim::policy::eager}) {
        for (int i = 0; i < runs; ++i) {
            random_source random(seed++);
            CAPTURE(random.seed());
            sim::options machine{.policy = policy, .seed = random.seed()};
            machine.num_sms = int(random.integer(1, 3)) * Config.split_k;
            const problem_shape shape{i32(random.integer(1, 200)), i32(random.integer(1, Config.block.n + 9)),
                                      i32(random.integer(1, 900))};
            CAPTURE(shape.m);
            CAPTURE(shape.n);
            CAPTURE(shape.k);
            const i32 parts = Sums == partial_sums::apart ? i32(random.integer(1, 20)) : 1;
            for (const bool whole : {true, false}) {
                prenorm_product made(random, shape, parts, whole);
                CHECK(outcome<kernel>(made, machine, whole ? 0 : 2e-6) == "");
            }
        }
    }
}

}  // namespace

TEST_CASE("prenorm: 24 columns, all of K in one CTA") { check<hc_prenorm_config{.block = {64, 24, 64}}>(3); }
TEST_CASE("prenorm: 8 columns, two stages") { check<hc_prenorm_config{.block = {64, 8, 64}, .stages = 2}>(); }
TEST_CASE("prenorm: 128 columns") { check<hc_prenorm_config{.block = {64, 128, 64}, .stages = 3}>(); }
TEST_CASE("prenorm: K split by clusters of two and of eight") {
    check<hc_prenorm_config{.block = {64, 24, 64}, .stages = 4, .split_k = 2}>();
    check<hc_prenorm_config{.block = {64, 32, 64}, .stages = 3, .split_k = 8}>();
}
TEST_CASE("prenorm: warpgroups that take K blocks in turn, with clusters and parts, too") {
    check<hc_prenorm_config{.block = {64, 24, 64}, .stages = 8, .warpgroups = 4}>(3);
    check<hc_prenorm_config{.block = {64, 64, 64}, .stages = 8, .warpgroups = 2}>();
    check<hc_prenorm_config{.block = {64, 8, 64}, .stages = 16, .warpgroups = 4, .split_k = 8}>();
    check<hc_prenorm_config{.block = {16, 8, 64}, .warpgroups = 4, .split_k = 8}>();
    check<hc_prenorm_config{.block = {16, 24, 64}}>();
    check<hc_prenorm_config{.block = {16, 32, 64}, .warpgroups = 2}, partial_sums::apart>(3);
    check<hc_prenorm_config{.block = {64, 32, 64}, .stages = 8, .warpgroups = 4}, partial_sums::apart>(3);
}
TEST_CASE("prenorm: the caller's parts of K, also more of them than K blocks") {
    check<hc_prenorm_config{.block = {64, 24, 64}, .stages = 4}, partial_sums::apart>(3);
}
TEST_CASE("prenorm: empty extents") {
    random_source random(fresh_seed());
    using kernel = hc_prenorm<arch::sm90, hc_prenorm_config{.block = {64, 24, 64}, .stages = 3}>;
    CHECK(kernel::grid({.shape = {0, 24, 64}}, 132) == 0);
    prenorm_product no_k(random, {70, 24, 0}, 1, true);
    CHECK(outcome<kernel>(no_k, {}, 0) == "");
}
TEST_CASE("prenorm: the same bits under every order") {
    using kernel = hc_prenorm<arch::sm90, hc_prenorm_config{.block = {64, 24, 64}, .stages = 3, .split_k = 4}>;
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    prenorm_product first(random, {130, 24, 700}, 1, false);
    REQUIRE(outcome<kernel>(first, {}, 2e-6) == "");
    for (int i = 0; i < 10; ++i) {
        prenorm_product again = first;
        REQUIRE(outcome<kernel>(again, {.policy = sim::policy::random, .seed = u64(random.integer(0, 1 << 30))},
                                2e-6) == "");
        CHECK(again.d == first.d);
        CHECK(again.squares == first.squares);
    }
}

}  // namespace hc_prenorm_tests
