// SPDX-License-Identifier: MIT
// The HyperConnection prenorm against sums in double precision, and exactly where these are whole numbers: tails of M, N and K,
// K split by clusters and into parts, more tiles than CTAs.
#include <deepgemm/kernel/hc_prenorm.cuh>

#include <doctest/doctest.h>

#include <deepgemm/host/sim_launch.hpp>
#include <deepgemm/reference/random.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace hc_prenorm_tests {

using namespace deepgemm;

namespace {

constexpr float untouched = -7.75e30f;

/// A product in host memory, in rows with padding of NaN; D and q are poisoned.
struct product {
    problem_shape shape;
    i32 parts;
    i64 a_pitch, b_pitch, d_pitch, squares_pitch;
    std::vector<bf16> a;
    std::vector<float> b, d, squares;

    product(random_source& random, problem_shape size, i32 count, bool whole)
        : shape(size),
          parts(count),
          a_pitch(align_up(shape.k, 8) + 8 * random.integer(0, 2)),
          b_pitch(align_up(shape.k, 4) + 4 * random.integer(0, 2)),
          d_pitch(shape.n + random.integer(0, 5)),
          squares_pitch(shape.m + random.integer(0, 5)),
          a(std::size_t(shape.m * a_pitch), bf16::from_float(std::numeric_limits<float>::quiet_NaN())),
          b(std::size_t(shape.n * b_pitch), std::numeric_limits<float>::quiet_NaN()),
          d(std::size_t(parts * shape.m * d_pitch), untouched),
          squares(std::size_t(parts * squares_pitch), untouched) {
        const auto value = [&] { return whole ? float(random.integer(-6, 6)) : float(random.normal()); };
        for (i64 m = 0; m < shape.m; ++m)
            for (i64 k = 0; k < shape.k; ++k) a[std::size_t(m * a_pitch + k)] = bf16::from_float(value());
        for (i64 n = 0; n < shape.n; ++n)
            for (i64 k = 0; k < shape.k; ++k) b[std::size_t(n * b_pitch + k)] = value();
    }

    hc_prenorm_arguments arguments() {
        return {.shape = shape,
                .a = a.data(),
                .a_pitch = a_pitch,
                .b = b.data(),
                .b_pitch = b_pitch,
                .d = d.data(),
                .d_pitch = d_pitch,
                .d_part_pitch = shape.m * d_pitch,
                .squares = squares.data(),
                .squares_pitch = squares_pitch,
                .parts = parts};
    }

    /// "" or the first element that is wrong. Sums may differ by `tolerance` times the sum of magnitudes.
    std::string verdict(double tolerance) const {
        std::string bad;
        const auto judge = [&](const char* what, i64 part, i64 m, i64 n, float got, double want, double magnitude) {
            if (bad.empty() && !(std::abs(got - want) <= tolerance * magnitude))
                bad = std::string(what) + " of part " + std::to_string(part) + " at (" + std::to_string(m) + ", " +
                      std::to_string(n) + ") is " + std::to_string(got) + ", not " + std::to_string(want);
        };
        for (i64 part = 0; part < parts; ++part) {
            const block_range blocks = block_range::part_of(ceil_div(shape.k, 64), i32(part), parts);
            const i64 first = blocks.first * 64, last = min(i64(blocks.first + blocks.count) * 64, i64(shape.k));
            for (i64 m = 0; m < shape.m; ++m) {
                double square = 0;
                for (i64 k = first; k < last; ++k) {
                    const double x = float(a[std::size_t(m * a_pitch + k)]);
                    square += x * x;
                }
                judge("q", part, m, 0, squares[std::size_t(part * squares_pitch + m)], square, square);
                for (i64 n = 0; n < d_pitch; ++n) {
                    const float got = d[std::size_t((part * shape.m + m) * d_pitch + n)];
                    double sum = n < shape.n ? 0 : untouched, magnitude = 0;
                    for (i64 k = first; n < shape.n && k < last; ++k) {
                        const double x = double(float(a[std::size_t(m * a_pitch + k)])) *
                                         float(tf32::from_float(b[std::size_t(n * b_pitch + k)]));
                        sum += x;
                        magnitude += std::abs(x);
                    }
                    judge("D", part, m, n, got, sum, magnitude);
                }
            }
            for (i64 m = shape.m; m < squares_pitch; ++m)
                judge("padding of q", part, m, 0, squares[std::size_t(part * squares_pitch + m)], untouched, 0);
        }
        return bad;
    }
};

template <class K>
std::string outcome(product& on, const sim::options& machine, double tolerance) {
    const auto done = sim::try_launch<K>(on.arguments(), {.dependent_launch = machine.dependent_launch}, machine);
    return done ? on.verdict(tolerance) : done.failure().message;
}

/// A few products under each policy, whole numbers exactly and normal ones nearly; extents are random.
template <hc_prenorm_config Config>
void check(int runs = 2) {
    using kernel = hc_prenorm<arch::sm90, Config>;
    for (const auto policy : {sim::policy::lazy, sim::policy::random, sim::policy::eager}) {
        for (int i = 0; i < runs; ++i) {
            random_source random(fresh_seed());
            CAPTURE(random.seed());
            sim::options machine{.policy = policy, .seed = random.seed()};
            machine.num_sms = int(random.integer(1, 3)) * Config.split_k;
            const problem_shape shape{i32(random.integer(1, 200)), i32(random.integer(1, Config.columns + 9)),
                                      i32(random.integer(1, 900))};
            CAPTURE(shape.m);
            CAPTURE(shape.n);
            CAPTURE(shape.k);
            const i32 parts = Config.parts ? i32(random.integer(1, 20)) : 1;
            for (const bool whole : {true, false}) {
                product made(random, shape, parts, whole);
                CHECK(outcome<kernel>(made, machine, whole ? 0 : 2e-6) == "");
            }
        }
    }
}

}  // namespace

TEST_CASE("prenorm: 24 columns, all of K in one CTA") { check<hc_prenorm_config{.columns = 24}>(3); }
TEST_CASE("prenorm: 8 columns, two stages") { check<hc_prenorm_config{.columns = 8, .stages = 2}>(); }
TEST_CASE("prenorm: 128 columns") { check<hc_prenorm_config{.columns = 128, .stages = 3}>(); }
TEST_CASE("prenorm: K split by clusters of two and of eight") {
    check<hc_prenorm_config{.columns = 24, .stages = 4, .split_k = 2}>();
    check<hc_prenorm_config{.columns = 32, .stages = 3, .split_k = 8}>();
}
TEST_CASE("prenorm: the caller's parts of K, also more of them than K blocks") {
    check<hc_prenorm_config{.columns = 24, .stages = 4, .parts = true}>(3);
}
TEST_CASE("prenorm: empty extents") {
    random_source random(fresh_seed());
    using kernel = hc_prenorm<arch::sm90, hc_prenorm_config{.columns = 24, .stages = 3}>;
    CHECK(kernel::grid({.shape = {0, 24, 64}}, 132) == 0);
    product no_k(random, {70, 24, 0}, 1, true);
    CHECK(outcome<kernel>(no_k, {}, 0) == "");
}
TEST_CASE("prenorm: the same bits under every order") {
    using kernel = hc_prenorm<arch::sm90, hc_prenorm_config{.columns = 24, .stages = 3, .split_k = 4}>;
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    product first(random, {130, 24, 700}, 1, false);
    REQUIRE(outcome<kernel>(first, {}, 2e-6) == "");
    for (int i = 0; i < 10; ++i) {
        product again = first;
        REQUIRE(outcome<kernel>(again, {.policy = sim::policy::random, .seed = u64(random.integer(0, 1 << 30))},
                                2e-6) == "");
        CHECK(again.d == first.d);
        CHECK(again.squares == first.squares);
    }
}

}  // namespace hc_prenorm_tests
