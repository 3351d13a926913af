// SPDX-License-Identifier: MIT
// The reference casts: constants worked out by hand, the definition written once more in the plainest form, edge values, and
// the errors that casts of normal data are known to have.
#include <doctest/doctest.h>

#include <deepgemm/reference/fp4_operand.hpp>

using namespace deepgemm;

namespace {

constexpr float nan_value = __builtin_nanf("");
constexpr float infinity = __builtin_inff();

/// Normal numbers, others for each `seed` and each run.
matrix<float> normal_matrix(i64 rows, i64 columns, u64 seed) {
    matrix<float> x(rows, columns);
    random_source(fresh_seed() + seed).fill_normal(x.view());
    return x;
}

}  // namespace

TEST_CASE("scales round up to powers of two within UE8M0") {
    using quantize::round_up_to_power_of_two;
    CHECK(round_up_to_power_of_two(1.0f) == 1.0f);
    CHECK(round_up_to_power_of_two(bit_cast<float>(0x3f800001u)) == 2.0f);
    CHECK(round_up_to_power_of_two(0.75f) == 1.0f);
    CHECK(round_up_to_power_of_two(-3.0f) == 4.0f);
    CHECK(round_up_to_power_of_two(0.0f) == 0x1p-126f);
    CHECK(round_up_to_power_of_two(0x1p-140f) == 0x1p-126f);
    CHECK(round_up_to_power_of_two(bit_cast<float>(0x7f7fffffu)) == 0x1p127f);
    CHECK(round_up_to_power_of_two(0x1.000002p126f) == 0x1p127f);
    CHECK(bit_cast<u32>(round_up_to_power_of_two(infinity)) == 0x7fc00000u);
    CHECK(bit_cast<u32>(round_up_to_power_of_two(nan_value)) == 0x7fc00000u);
}

TEST_CASE("one scale for each token: worked example") {
    matrix<float> x(3, 256);
    x.fill_bytes(0);
    x(0, 0) = 448;
    x(0, 1) = -17;     // between 16 and 18, a tie: to even, 16
    x(0, 2) = 19;      // between 18 and 20, a tie: to even, 20
    x(0, 200) = -896;  // second block
    x(0, 201) = 3;     // 1.5 after scaling
    x(1, 5) = 1;       // amax 1
    const auto q = quantize::per_token<e4m3>(x.view());
    REQUIRE(q.scales.rows() == 3);
    REQUIRE(q.scales.columns() == 2);
    CHECK(q.scales(0, 0) == 1);
    CHECK(q.scales(0, 1) == 2);
    CHECK(q.scales(1, 0) == 1.0f / 448);
    CHECK(q.scales(2, 1) == 1e-4f / 448);  // zeros have a scale as well
    CHECK(float(q.data(0, 0)) == 448);
    CHECK(float(q.data(0, 1)) == -16);
    CHECK(float(q.data(0, 2)) == 20);
    CHECK(float(q.data(0, 200)) == -448);
    CHECK(float(q.data(0, 201)) == 1.5f);
    CHECK(float(q.data(1, 5)) == 448);
    CHECK(q.data(2, 0).bits == 0);
    const auto rounded = quantize::per_token<e4m3>(x.view(), 128, scale_kind::ue8m0);
    CHECK(rounded.scales(0, 1) == 2);
    CHECK(rounded.scales(1, 0) == 0x1p-8f);
    CHECK(float(rounded.data(1, 5)) == 256);
    const auto wide = quantize::per_token<e5m2>(x.view());
    CHECK(wide.scales(0, 0) == 448.0f / 57344);
    CHECK(float(wide.data(0, 0)) == 57344);
}

TEST_CASE("every FP8 cast is amax, quotient, reciprocal, one rounding") {
    const auto x = normal_matrix(150, 300, 1);
    const auto check = [&](const quantize::fp8_matrix<e4m3>& q, bool powers) {
        int wrong = 0;
        for (i64 i = 0; i < x.rows(); ++i) {
            for (i64 j = 0; j < x.columns(); ++j) {
                float amax = 0;
                for (i64 r = i / q.tile_rows * q.tile_rows; r < std::min(x.rows(), (i / q.tile_rows + 1) * q.tile_rows);
                     ++r) {
                    const i64 last = std::min(x.columns(), (j / q.tile_columns + 1) * q.tile_columns);
                    for (i64 c = j / q.tile_columns * q.tile_columns; c < last; ++c)
                        amax = std::max(amax, std::fabs(x(r, c)));
                }
                float scale = std::max(amax, 1e-4f) / 448;
                if (powers) {
                    int exponent;
                    const float fraction = std::frexp(scale, &exponent);  // [0.5, 1)
                    scale = std::ldexp(1.0f, fraction == 0.5f ? exponent - 1 : exponent);
                }
                wrong += q.scales(i / q.tile_rows, j / q.tile_columns) != scale;
                wrong += !(q.data(i, j) == e4m3::from_float(x(i, j) * (1 / scale)));
            }
        }
        return wrong;
    };
    for (const scale_kind kind : {scale_kind::fp32, scale_kind::ue8m0}) {
        const bool powers = kind == scale_kind::ue8m0;
        CHECK(check(quantize::per_token(x.view(), 128, kind), powers) == 0);
        CHECK(check(quantize::per_token(x.view(), 32, kind), powers) == 0);
        CHECK(check(quantize::per_channel(x.view(), 32, kind), powers) == 0);
        const auto block = quantize::per_block(x.view(), 128, kind);
        CHECK(block.scales.rows() == 2);
        CHECK(block.scales.columns() == 3);
        CHECK(check(block, powers) == 0);
        const auto row = quantize::per_row(x.view(), kind);
        CHECK(row.scales.columns() == 1);
        CHECK(check(row, powers) == 0);
    }
}

TEST_CASE("NaN and infinity stay visible") {
    matrix<float> x(2, 128);
    x.fill_bytes(0);
    x(0, 3) = -nan_value;
    x(1, 3) = infinity;
    x(1, 4) = 1;
    const auto q = quantize::per_token<e4m3>(x.view());
    CHECK(std::isnan(q.scales(0, 0)));
    CHECK(q.data(0, 0).bits == 0x7f);
    CHECK(q.data(0, 3).bits == 0x7f);
    CHECK(q.scales(1, 0) == infinity);
    CHECK(q.data(1, 3).bits == 0x7f);
    CHECK(q.data(1, 4).bits == 0);
    const auto packed = quantize::per_token<e4m3>(x.view(), 128, scale_kind::ue8m0);  // which knows no infinity
    for (i64 row = 0; row < 2; ++row) {
        CHECK(std::isnan(packed.scales(row, 0)));
        CHECK(packed.data(row, 3).bits == 0x7f);
        CHECK(quantize::packed_rows(packed.scales.view(), true)(row, 0) == 0x7f7f7fffu);
    }
}

TEST_CASE("padding between rows is not touched") {
    matrix<bf16> x(3, 100);
    random_source(fresh_seed()).fill_normal(x.view());
    const auto q = quantize::per_token<e4m3>(x.view(), 128, scale_kind::fp32, 112);
    for (i64 i = 0; i < 3; ++i) {
        for (i64 j = 100; j < 112; ++j) CHECK(q.data(i, j).bits == 0xff);
    }
}

TEST_CASE("scales packed row by row") {
    matrix<float> scales(1, 6);
    for (i64 j = 0; j < 6; ++j) scales(0, j) = std::ldexp(1.0f, int(j) - 3);
    CHECK_THROWS_WITH(quantize::packed_rows(scales.view()),
                      "quantize: packed scales need a multiple of four scales in each row");
    const auto words = quantize::packed_rows(scales.view(), true);
    REQUIRE(words.columns() == 2);
    CHECK(words(0, 0) == 0x7f7e7d7c);
    CHECK(words(0, 1) == 0x7f7f8180);
    scales(0, 1) = 3;
    CHECK(quantize::packed_rows(scales.view(), true)(0, 0) == 0x7f7eff7c);
}

TEST_CASE("the byte of a scale is exact or NaN") {
    using quantize::exponent_byte;
    for (int exponent = -127; exponent <= 127; ++exponent) {
        const float power = std::ldexp(1.0f, exponent);
        CHECK(exponent_byte(power) == u32(exponent + 127));
        CHECK(exponent_byte(-power) == 255);
        CHECK(exponent_byte(std::nextafter(power, infinity)) == 255);
    }
    CHECK(exponent_byte(0.0f) == 0);  // a tile of zeros, whatever its scale, is zero: 2^-127 will do
    CHECK(exponent_byte(-0.0f) == 255);
    for (const float scale :
         {1.5f, 3.0f, 0x1p-128f, 0x1.8p-127f, 0x1p-149f, infinity, -infinity, nan_value, -nan_value})
        CHECK(exponent_byte(scale) == 255);
}

TEST_CASE("errors of products of cast normal data are as large as theory says") {
    const auto a = normal_matrix(192, 1024, 1), b = normal_matrix(256, 1024, 2);
    const auto exact = reference::gemm(reference::plain<float>(a.view()), reference::plain<float>(b.view()));
    const auto error = [&](const quantisation& how_a, const quantisation& how_b) {
        const auto qa = quantised_operand<e4m3>::of(a.view(), how_a), qb = quantised_operand<e4m3>::of(b.view(), how_b);
        return calc_diff(reference::gemm(qa.view(), qb.view()).value.view(), exact.value.view());
    };
    CHECK(error({{1, 128}}, {{128, 128}}) == doctest::Approx(6.9e-4).epsilon(0.1));
    CHECK(error({{1, 128}, scale_kind::ue8m0}, {{128, 128}, scale_kind::ue8m0}) ==
          doctest::Approx(7.3e-4).epsilon(0.1));
    CHECK(error({{1, 128}}, {{1, 128}}) == doctest::Approx(6.5e-4).epsilon(0.1));
    const auto fp4 = quantize::per_token_fp4(b.view());
    const reference::operand packed{fp4.data.data(),
                                    dtype::e2m1x2,
                                    256,
                                    1024,
                                    1024,
                                    1,
                                    {scale_kind::fp32, {1, 32}, fp4.scales.data(), fp4.scales.columns(), 1}};
    const auto qa = quantised_operand<e4m3>::of(a.view());
    CHECK(calc_diff(reference::gemm(qa.view(), packed).value.view(), exact.value.view()) ==
          doctest::Approx(6.9e-3).epsilon(0.1));
}
