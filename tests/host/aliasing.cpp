// SPDX-License-Identifier: MIT
// What may share memory in a GEMM and what may not: D against every input, scales in every layout, byte by byte; and the
// arithmetic behind it against memory that is marked byte by byte.
#include <doctest/doctest.h>

#include "fakes.hpp"

#include <deepgemm/reference/random.hpp>

#include <bitset>

namespace aliasing_tests {

using namespace deepgemm;
using fakes::address;
using fakes::verdict;

namespace {

/// The usual problem, D (256, 512) in BF16 with rows of 2048 bytes at 5 << 40, after a change to it.
template <class Change>
std::string after(Change change) {
    gemm_problem problem = fakes::problem(256, 512, 1024);
    problem.d.row_stride = 1024;
    change(problem);
    return verdict(problem);
}

constexpr std::uintptr_t d_at = 5ull << 40;
constexpr i64 d_bytes = 255 * 2048 + 1024;
constexpr const char* on_a = "bad_alias: D overlaps the scales of A in memory; the result would be undefined";
constexpr const char* on_b = "bad_alias: D overlaps the scales of B in memory; the result would be undefined";

/// The bytes of a small piece of memory.
std::bitset<4096> marked(const memory_use& use) {
    std::bitset<4096> bytes;
    const i64 first = i64(reinterpret_cast<std::uintptr_t>(use.data));
    for (i64 i = 0; i < i64(use.steps[0].count); ++i) {
        for (i64 j = 0; j < i64(use.steps[1].count); ++j) {
            for (i64 k = 0; k < i64(use.steps[2].count); ++k) {
                const i64 at =
                    first + i * i64(use.steps[0].stride) + j * i64(use.steps[1].stride) + k * i64(use.steps[2].stride);
                for (i64 byte = 0; byte < i64(use.width); ++byte) bytes.set(std::size_t(at + byte));
            }
        }
    }
    return bytes;
}

memory_use random_use(random_source& random, int axes) {
    memory_use use{"x", address(std::uintptr_t(random.integer(1800, 2300))), random.integer(1, 9), {}};
    for (int axis = 0; axis < axes; ++axis)
        use.steps[std::size_t(axis)] = {random.integer(axis == 0 ? 0 : 1, 5), random.integer(-40, 90)};
    return use;
}

}  // namespace

TEST_CASE("pieces of memory overlap where a byte of one is a byte of the other") {
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    random_source random(seed);
    int met = 0, apart_inside = 0;
    for (int trial = 0; trial < 20000; ++trial) {
        const auto x = random_use(random, trial % 4), y = random_use(random, trial / 4 % 4);
        const bool expected = (marked(x) & marked(y)).any();
        REQUIRE(detail::overlap(x, y) == expected);
        REQUIRE(detail::overlap(y, x) == expected);
        met += expected;
        const auto p = detail::memory_piece::of(x), q = detail::memory_piece::of(y);
        apart_inside += !expected && p.width != 0 && q.width != 0 && p.first < q.end() && q.first < p.end();
    }
    CHECK(met > 1000);
    CHECK(apart_inside > 1000);  // in each other's gaps
}

TEST_CASE("no stride overflows") {
    using detail::wide;
    constexpr i64 longest = i64(~u64(0) >> 1);
    const memory_use rows{"x", address(1 << 20), 64, {{{i64(1) << 31, wide(longest) * 4}}}};
    CHECK(detail::overlap(rows, {"y", address((1 << 20) + 60), 8}));
    CHECK(!detail::overlap(rows, {"y", address((1 << 20) + 64), 8}));
    CHECK(detail::overlap(rows, {"y", address(1 << 19), 64, {{{i64(1) << 31, 2}}}}));
    CHECK(!detail::overlap(rows, {"y", address(1 << 19), 64, {{{1 << 15, 8}}}}));
    // 2^31 rows of either, whose distance grows by 4 in each: they meet in row 2^20 / 4 - 15 for the first time.
    const memory_use even{"x", address(1ull << 40), 32, {{{i64(1) << 31, 4096}}}};
    CHECK(detail::overlap(even, {"y", address((1ull << 40) + 1024), 4, {{{i64(1) << 31, 4092}}}}));
    CHECK(!detail::overlap(even, {"y", address((1ull << 40) + 1024), 4, {{{200, 4092}}}}));
    CHECK(detail::overlap(even, {"y", address((1ull << 40) + 1024), 4, {{{250, 4092}}}}));
    // Side by side in rows of one length, as long as they are.
    CHECK(!detail::overlap(even, {"y", address((1ull << 40) + 32), 4064, {{{i64(1) << 31, 4096}}}}));
    CHECK(detail::overlap(even, {"y", address((1ull << 40) + 32), 4065, {{{i64(1) << 31, 4096}}}}));
    // A problem's strides of more than 2^62 elements.
    CHECK(after([](auto& p) { p.b.scales.row_stride = longest; }) == "fine");
    CHECK(after([](auto& p) {
              p.b.scales.row_stride = longest;
              p.b.scales.data = address(d_at);
          }) == on_b);
}

TEST_CASE("D on scales of A") {
    SUBCASE("MN-major: 256 rows by 8 columns of words, 1024 bytes and some padding from one to the next") {
        const auto at = [](i64 offset, i64 stride = 256) {
            return after([=](auto& p) {
                p.a.scales =
                    per_token_scales(address(std::uintptr_t(i64(d_at) + offset)), scale_kind::fp32, 256, 1024, stride);
            });
        };
        CHECK(at(0) == on_a);
        CHECK(at(d_bytes - 16) == on_a);
        CHECK(at(d_bytes) == "fine");
        CHECK(at(-8192) == "fine");
        CHECK(at(-8192 + 16) == on_a);
        // Beside D, in the second half of its rows: no byte is shared. Sixteen bytes further the next row begins.
        CHECK(at(1024, 512) == "fine");
        CHECK(at(1024 + 16, 512) == on_a);
        CHECK(at(1024, 516) == on_a);
    }
    SUBCASE("K-major, packed or not") {
        const auto at = [](i64 offset, scale_kind kind, i64 stride) {
            return after([=](auto& p) {
                p.a.scales = k_major_scales(address(std::uintptr_t(i64(d_at) + offset)), kind, 256, 1024, stride);
            });
        };
        CHECK(at(1024, scale_kind::fp32, 512) == "fine");
        CHECK(at(2048 - 32, scale_kind::fp32, 512) == "fine");
        CHECK(at(2048 - 28, scale_kind::fp32, 512) == on_a);
        CHECK(at(1020, scale_kind::fp32, 512) == on_a);
        CHECK(at(2048 - 8, scale_kind::ue8m0, 512) == "fine");
        CHECK(at(2048 - 4, scale_kind::ue8m0, 512) == on_a);
        CHECK(at(1024, scale_kind::fp32, 511) == on_a);
    }
}

TEST_CASE("D on scales of B") {
    SUBCASE("per block, in any order") {
        const auto at = [](i64 offset, i64 row_stride, i64 column_stride) {
            return after([=](auto& p) {
                p.b.scales = {address(std::uintptr_t(i64(d_at) + offset)),
                              scale_kind::fp32,
                              {128, 128},
                              4,
                              8,
                              row_stride,
                              column_stride};
            });
        };
        CHECK(at(1024, 8, 1) == "fine");
        CHECK(at(1024, 1, 4) == "fine");
        CHECK(at(1020, 1, 4) == on_b);
        CHECK(at(1024, 32, 8) == "fine");      // the last word lies 3 * 128 + 7 * 32 bytes further
        CHECK(at(1024 + 416, 32, 8) == on_b);  // reaches 4 bytes into the next row
        CHECK(at(1024 + 412, 32, 8) == "fine");
        CHECK(at(1024, 512, 32) == "fine");  // rows as long as D's, 7 * 128 + 4 bytes of each
        CHECK(at(1024, 512, 64) == on_b);    // 7 * 256 + 4 bytes: into D's next row
        CHECK(at(d_bytes, 0, 0) == "fine");
        CHECK(at(512, 0, 0) == on_b);
    }
    SUBCASE("per token, packed") {
        const auto scales = [](i64 offset) {
            return per_token_scales(address(std::uintptr_t(i64(d_at) + offset)), scale_kind::ue8m0, 512, 1024);
        };
        CHECK(after([&](auto& p) { p.b.scales = scales(-2 * 2048); }) == "fine");
        CHECK(after([&](auto& p) { p.b.scales = scales(-2 * 2048 + 16); }) == on_b);
    }
}

TEST_CASE("padding of scales may be D's, since nothing depends on it") {
    // Columns of 250 words, 1024 bytes apart: the last 24 bytes of each are padding, and D's rows have 16.
    gemm_problem p = fakes::problem(250, 8, 1024);
    p.d.row_stride = 512;
    p.a.scales = per_token_scales(address(d_at - 1008), scale_kind::fp32, 250, 1024, 256);
    CHECK(verdict(p) == "fine");
    p.a.scales.data = address(d_at - 992);
    CHECK(verdict(p) == on_a);
}

TEST_CASE("where nothing is multiplied, or nothing written, scales may lie anywhere") {
    gemm_problem p = fakes::problem(256, 512, 0);
    p.a.scales.data = p.b.scales.data = p.a.matrix.data = p.b.matrix.data = p.d.data;
    CHECK(verdict(p) == "fine");
    p = fakes::problem(0, 512, 1024);
    p.a.scales.data = p.b.scales.data = p.d.data;
    CHECK(verdict(p) == "fine");
}

TEST_CASE("inputs may share memory") {
    CHECK(after([](auto& p) { p.b.matrix.data = p.a.matrix.data; }) == "fine");
    CHECK(after([](auto& p) { p.b.scales.data = p.a.scales.data; }) == "fine");
    CHECK(after([](auto& p) {
              p.c = p.d;
              p.c->data = p.a.matrix.data;
          }) == "fine");
}

TEST_CASE("rows of different lengths beside each other") {
    // D's rows are 2048 bytes apart; rows of A every 4096 bytes lie in the gaps of every other one.
    const auto at = [](i64 offset, i64 stride) {
        return after([=](auto& p) {
            p.a.matrix.data = address(std::uintptr_t(i64(d_at) + offset));
            p.a.matrix.row_stride = stride;
        });
    };
    CHECK(at(1024, 4096) == "fine");
    CHECK(at(1024, 4096 + 16) == "bad_alias: D overlaps A in memory; the result would be undefined");
    CHECK(at(1024 + 16, 4096) == "bad_alias: D overlaps A in memory; the result would be undefined");
}

}  // namespace aliasing_tests
