// SPDX-License-Identifier: MIT
// The scale kernels on the simulator, bit for bit against the host's reference: ragged shapes, all strides, poisoned padding.
#include <doctest/doctest.h>

#include "simulated.hpp"

using namespace scale_cases;
using scale::cast_scales;

namespace {

template <class Format>
void check_all_transforms(u64 seed) {
    for (const i64 groups : {1, 3}) {
        for (const i64 mn : {1, 64, 97}) {
            for (const i64 blocks : {1, 4, 31, 70}) {
                for (const source from : {source::contiguous, source::turned, source::padded, source::scattered}) {
                    CAPTURE(groups);
                    CAPTURE(mn);
                    CAPTURE(blocks);
                    CAPTURE(int(from));
                    CHECK(check_transform<simulator, Format>(groups, mn, blocks, from, 1, seed) == "");
                }
            }
        }
    }
    CHECK(check_transform<simulator, Format>(2, 300, 5, source::contiguous, 128, seed) == "");
    CHECK(check_transform<simulator, Format>(1, 0, 5, source::contiguous, 1, seed) == "");
}

}  // namespace

TEST_CASE("scales to MN-major") {
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    check_all_transforms<scale::fp32>(seed);
    check_all_transforms<scale::ue8m0>(seed);
}

TEST_CASE("scales that are no powers of two become NaN, are counted, and spoil no other byte") {
    CHECK(check_unpackable<simulator>() == "");
}

TEST_CASE_TEMPLATE("casts per token", Types, std::pair<e4m3, bf16>, std::pair<e5m2, float>) {
    using Q = typename Types::first_type;
    using X = typename Types::second_type;
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    struct shape {
        i64 m, k, x_pitch, q_pitch;
    };
    // Aligned rows; K in the middle of a block, of a vector and of a word; pitches that forbid vectors; a single element.
    for (const shape s :
         {shape{9, 1024, 1024, 1024}, {5, 600, 608, 608}, {3, 709, 720, 720}, {4, 260, 261, 263}, {1, 1, 1, 1}}) {
        CAPTURE(s.k);
        const bool special = s.k == 709;
        CHECK(check_per_token<simulator, Q, X, 128, cast_scales::fp32>(s.m, s.k, s.x_pitch, s.q_pitch, special, seed) ==
              "");
        CHECK(check_per_token<simulator, Q, X, 128, cast_scales::power_of_two>(s.m, s.k, s.x_pitch, s.q_pitch, special,
                                                                               seed) == "");
        CHECK(check_per_token<simulator, Q, X, 128, cast_scales::packed>(s.m, s.k, s.x_pitch, s.q_pitch, special,
                                                                         seed) == "");
        CHECK(check_per_token<simulator, Q, X, 32, cast_scales::fp32>(s.m, s.k, s.x_pitch, s.q_pitch, special, seed) ==
              "");
        CHECK(check_per_token<simulator, Q, X, 32, cast_scales::packed>(s.m, s.k, s.x_pitch, s.q_pitch, special,
                                                                        seed) == "");
    }
}

TEST_CASE_TEMPLATE("casts per channel and per block", Types, std::pair<e4m3, bf16>, std::pair<e5m2, float>) {
    using Q = typename Types::first_type;
    using X = typename Types::second_type;
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    struct shape {
        i64 rows, columns, x_pitch, q_pitch;
    };
    for (const shape s : {shape{256, 256, 256, 256}, {150, 700, 704, 704}, {650, 130, 131, 133}, {1, 1, 1, 1}}) {
        CAPTURE(s.rows);
        CAPTURE(s.columns);
        const bool special = s.rows == 150;
        CHECK(check_per_channel<simulator, Q, X, 128, cast_scales::fp32>(s.rows, s.columns, s.x_pitch, s.q_pitch,
                                                                         special, seed) == "");
        CHECK(check_per_channel<simulator, Q, X, 32, cast_scales::packed>(s.rows, s.columns, s.x_pitch, s.q_pitch,
                                                                          special, seed) == "");
        CHECK(check_per_block<simulator, Q, X, cast_scales::fp32>(s.rows, s.columns, s.x_pitch, s.q_pitch, special,
                                                                  seed) == "");
        CHECK(check_per_block<simulator, Q, X, cast_scales::packed>(s.rows, s.columns, s.x_pitch, s.q_pitch, special,
                                                                    seed) == "");
    }
    CHECK(check_per_channel<simulator, Q, X, 128, cast_scales::packed>(600, 100, 104, 104, true, seed) == "");
    CHECK(check_per_block<simulator, Q, X, cast_scales::power_of_two>(200, 300, 304, 304, true, seed) == "");
}

TEST_CASE("empty matrices launch nothing") {
    CHECK(scale::cast_per_token<e4m3, bf16, 128, cast_scales::fp32>::grid({.rows = 0, .columns = 128}, 132) == 0);
    CHECK(scale::cast_per_token<e4m3, bf16, 128, cast_scales::fp32>::grid({.rows = 7, .columns = 0}, 132) == 0);
    CHECK(scale::cast_per_block<e4m3, bf16, cast_scales::fp32>::grid({.rows = 0, .columns = 128}, 132) == 0);
    CHECK(scale::to_mn_major<scale::fp32>::grid({.mn = 7, .blocks = 0}, 132) == 0);
    CHECK(scale::to_mn_major<scale::fp32>::grid({.groups = 1, .mn = 1000000, .blocks = 1000}, 132) == 132 * 16);
}
