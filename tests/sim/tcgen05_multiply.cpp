// SPDX-License-Identifier: MIT
// What tcgen05.mma computes: every kind, element type and layout of D, each element against sums in double.
#include "mma_case.hpp"

namespace tcgen05_multiply_tests {

using namespace deepgemm;
using namespace deepgemm::test;
using sim::mma_kind;

constexpr swizzle_mode swizzles[] = {swizzle_mode::none, swizzle_mode::b32, swizzle_mode::b64, swizzle_mode::b128,
                                     swizzle_mode::b128_atom32};

/// Shapes of D that give each of its layouts.
struct shape {
    char letter;
    u32 group, m, n;
    bool weight_stationary;
};
constexpr shape shapes[] = {{'A', 2, 256, 96, false}, {'B', 2, 128, 96, false}, {'D', 1, 128, 240, false},
                            {'D', 1, 128, 64, true},  {'E', 1, 64, 128, true},  {'F', 1, 64, 72, false},
                            {'G', 1, 32, 256, true}};

mma_case case_of(const shape& s, mma_kind kind, const mma_type& a, const mma_type& b) {
    mma_case c;
    c.kind = kind;
    c.group = s.group;
    c.m = s.m;
    c.n = s.n;
    c.weight_stationary = s.weight_stationary;
    c.a.type = a;
    c.b.type = b;
    c.k = 2 * a.per_chunk;
    return c;
}

TEST_CASE("kinds without scales: every type in every layout of D") {
    u64 seed = 0;
    for (const shape& s : shapes) {
        CAPTURE(s.letter);
        CHECK(mma_mismatches(case_of(s, mma_kind::f16, type_f16, type_f16), ++seed) == 0);
        CHECK(mma_mismatches(case_of(s, mma_kind::f16, type_bf16, type_bf16), ++seed) == 0);
        CHECK(mma_mismatches(case_of(s, mma_kind::tf32, type_tf32, type_tf32), ++seed) == 0);
        for (const mma_type& a : {type_e4m3, type_e5m2, type_e2m3, type_e3m2, type_e2m1}) {
            for (const mma_type& b : {type_e4m3, type_e2m3, type_e2m1}) {
                CAPTURE(a.name);
                CAPTURE(b.name);
                CHECK(mma_mismatches(case_of(s, mma_kind::f8f6f4, a, b), ++seed) == 0);
            }
        }
    }
}

TEST_CASE("an accumulator of 64 rows at lane 16, sums onto D, negated operands, D in FP16") {
    for (const sim::policy policy : {sim::policy::lazy, sim::policy::random, sim::policy::eager}) {
        for (const shape& s : shapes) {
            CAPTURE(s.letter);
            mma_case c = case_of(s, mma_kind::f16, type_f16, type_f16);
            c.policy = policy;
            c.d_lane = s.letter == 'F' ? 16 : 0;
            c.accumulate = c.negate_a = true;
            CHECK(mma_mismatches(c, 10) == 0);
            c.negate_b = true;
            c.d_f16 = true;
            CHECK(mma_mismatches(c, 11) == 0);
            c.scale_input_d = 3;
            CHECK(mma_mismatches(c, 12) == 0);
            c = case_of(s, mma_kind::f8f6f4, type_e3m2, type_e2m3);
            c.d_f16 = true;
            CHECK(mma_mismatches(c, 13) == 0);
        }
    }
}

TEST_CASE("lanes of D that are disabled keep what they have") {
    mma_case c = case_of(shapes[2], mma_kind::f16, type_bf16, type_bf16);
    c.disabled_lanes = {0x80000001, 0, 0xffffffff, 0x12345678};
    c.accumulate = true;
    CHECK(mma_mismatches(c) == 0);
}

TEST_CASE("operands in every order and swizzle") {
    u64 seed = 100;
    for (const swizzle_mode swizzle : swizzles) {
        for (const bool a_mn : {false, true}) {
            for (const bool b_mn : {false, true}) {
                for (const u32 group : {1u, 2u}) {
                    for (const mma_type& type : {type_bf16, type_e4m3, type_tf32, type_e2m1, type_e2m3}) {
                        const bool atoms = swizzle == swizzle_mode::b128_atom32, tf32 = type.bits == 32;
                        if ((a_mn || b_mn) && atoms != tf32) continue;
                        mma_case c = case_of({'x', group, 128 * group, 128, false},
                                             type.bits == 16 ? mma_kind::f16
                                             : tf32          ? mma_kind::tf32
                                                             : mma_kind::f8f6f4,
                                             type, type);
                        c.a.mn_major = a_mn;
                        c.b.mn_major = b_mn;
                        c.a.swizzle = c.b.swizzle = swizzle;
                        const u32 steps = swizzle == swizzle_mode::none ? 1 : swizzle_span_bytes(swizzle) / 32;
                        c.a.step = u32(seed) % steps;
                        c.b.step = u32(seed / 3) % steps;
                        CAPTURE(u32(swizzle));
                        CAPTURE(a_mn);
                        CAPTURE(b_mn);
                        CAPTURE(type.name);
                        CHECK(mma_mismatches(c, ++seed) == 0);
                    }
                }
            }
        }
    }
}

TEST_CASE("kinds with scales: every type, block, scale id and layout of D") {
    u64 seed = 1000;
    for (const shape& s :
         {shape{'A', 2, 256, 176, false}, shape{'B', 2, 128, 96, false}, shape{'B', 2, 128, 48, false},
          shape{'D', 1, 128, 256, false}, shape{'D', 1, 128, 8, false}, shape{'D', 1, 128, 40, false}}) {
        CAPTURE(s.letter);
        for (u32 id = 0; id < 4; ++id) {
            for (const mma_type& a : {type_e4m3, type_e5m2, type_e2m3, type_e3m2, type_e2m1}) {
                mma_case c = case_of(s, mma_kind::mxf8f6f4, a, id % 2 == 0 ? type_e4m3 : type_e2m1);
                c.sa_id = id;
                c.sb_id = 3 - id;
                c.accumulate = id == 1;
                CAPTURE(a.name);
                CHECK(mma_mismatches(c, ++seed) == 0);
            }
        }
        for (const mma_kind kind : {mma_kind::mxf4, mma_kind::mxf4nvf4}) {
            for (u32 id = 0; id < 4; id += 2) {
                mma_case c = case_of(s, kind, type_packed_e2m1, type_packed_e2m1);
                c.sa_id = id;
                c.sb_id = 2 - id;
                CHECK(mma_mismatches(c, ++seed) == 0);
            }
        }
        for (const bool ue4m3 : {false, true}) {
            mma_case c = case_of(s, mma_kind::mxf4nvf4, type_packed_e2m1, type_packed_e2m1);
            c.block = 16;
            c.ue4m3 = ue4m3;
            c.accumulate = ue4m3;
            CHECK(mma_mismatches(c, ++seed) == 0);
        }
    }
}

TEST_CASE("A in tensor memory") {
    u64 seed = 2000;
    for (const shape& s : shapes) {
        CAPTURE(s.letter);
        for (const mma_type& type :
             {type_bf16, type_f16, type_tf32, type_e4m3, type_e5m2, type_e2m3, type_e3m2, type_e2m1}) {
            const mma_kind kind = type.bits == 16 ? mma_kind::f16 : type.bits == 32 ? mma_kind::tf32 : mma_kind::f8f6f4;
            mma_case c = case_of(s, kind, type, type);
            c.a_in_tensor_memory = true;
            c.d_lane = s.letter == 'F' ? 16 * (u32(seed) % 2) : 0;
            CAPTURE(type.name);
            CHECK(mma_mismatches(c, ++seed) == 0);
            if (s.weight_stationary || s.m == 64) continue;
            if (kind == mma_kind::f8f6f4) {
                c.kind = mma_kind::mxf8f6f4;
                CHECK(mma_mismatches(c, ++seed) == 0);
            }
        }
        if (s.weight_stationary || s.m == 64) continue;
        mma_case c = case_of(s, mma_kind::mxf4nvf4, type_packed_e2m1, type_packed_e2m1);
        c.a_in_tensor_memory = true;
        c.block = 16;
        c.ue4m3 = true;
        CHECK(mma_mismatches(c, ++seed) == 0);
    }
}

TEST_CASE("exponents of scales add before they meet the product") {
    mma_case c = case_of({'D', 1, 128, 8, false}, mma_kind::mxf8f6f4, type_e4m3, type_e4m3);
    mma_trial trial(c);
    for (u32 lane = 0; lane < 128; ++lane) {
        for (u32 column = 0; column < 4; ++column) trial.ctas()[0].in(lane, mma_trial::sa_column + column) = 254;
        trial.ctas()[0].in(lane, mma_trial::sb_column) = 0;
    }
    std::vector<u8>& shared = trial.ctas()[0].shared;
    const placed_operand a(c.a, mma_trial::a_at), b(c.b, mma_trial::b_at);
    for (u32 k = 0; k < 32; ++k) {
        for (u32 row = 0; row < 128; ++row) shared[a.chunk(1024, row, k) + k % 16] = k == 5 ? 0x40 : 0;  // 2
        for (u32 row = 0; row < 8; ++row) shared[b.chunk(1024, row, k) + k % 16] = k == 5 ? 0x38 : 0;    // 1
    }
    run_tensor<1>(trial.ctas(), [&](u32 smem, u32 tmem) { trial.issue(smem, tmem); });
    u32 wrong = 0;
    for (u32 row = 0; row < 128; ++row) {
        for (u32 column = 0; column < 8; ++column) wrong += bit_cast<float>(trial.ctas()[0].at(row, column)) != 2.0f;
    }
    CHECK(wrong == 0);
}

}  // namespace tcgen05_multiply_tests
