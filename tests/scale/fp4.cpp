// SPDX-License-Identifier: MIT
// FP4: the reference casts against the definition in its plainest form and against values worked out by hand, packing and its
// errors, the kernel against the reference, and what its arguments must keep.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include <deepgemm/reference/fp4_operand.hpp>

#include "fp4_cases.hpp"
#include "simulated.hpp"

namespace fp4_tests {

using namespace scale_cases;

namespace {

constexpr double magnitudes[] = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
constexpr float nan_value = __builtin_nanf(""), infinity = __builtin_inff();

/// The number of a UE4M3 code.
double small_float(int code) { return code < 8 ? std::ldexp(code, -9) : std::ldexp(8 + code % 8, code / 8 - 10); }

/// The nearest of the numbers number(0), number(1) ... to x, which is not negative; of two as near ones that of the even code
/// if `ties_to_even`, else the smaller one.
template <class Number>
int nearest(double x, int count, bool ties_to_even, const Number& number) {
    int best = 0;
    for (int code = 1; code < count; ++code) {
        const double now = std::fabs(x - number(best)), other = std::fabs(x - number(code));
        if (other < now || (other == now && ties_to_even && code % 2 == 0)) best = code;
    }
    return best;
}
int nearest_fp4(double x) {
    const int code = nearest(std::fabs(x), 8, false, [](int c) { return magnitudes[c]; });
    return x < 0 && code != 0 ? code + 8 : code;
}

/// Normal numbers of changing size.
matrix<float> numbers(i64 rows, i64 columns, u64 seed) {
    matrix<float> x(rows, columns);
    random_source(seed).fill_normal(x.view());
    for (i64 i = 0; i < rows; ++i) {
        for (i64 j = 0; j < columns; ++j) x(i, j) *= std::ldexp(1.0f, int(i % 9) - 4);
    }
    return x;
}

int code_of(const matrix<e2m1x2>& data, i64 i, i64 j) { return data(i, j / 2).bits >> (4 * (j % 2)) & 15; }

}  // namespace

TEST_CASE("FP4: a midpoint takes the smaller magnitude, and there is no negative zero") {
    const float inputs[] = {0.25f, 0.26f, 0.75f, 0.76f, 1.25f, 1.75f, 2.5f, 2.51f, 3.5f, 5.0f, 5.1f, 100.0f, 0.0f};
    const u8 codes[] = {0, 1, 1, 2, 2, 3, 4, 5, 5, 6, 7, 7, 0};
    for (int i = 0; i < 13; ++i) {
        CHECK(quantize::cast_fp4(inputs[i]) == codes[i]);
        CHECK(quantize::cast_fp4(-inputs[i]) == (codes[i] == 0 ? 0 : codes[i] + 8));
    }
    matrix<float> x(2, 64);
    x.fill_bytes(0);
    x(0, 0) = 12;
    x(0, 1) = -6;
    x(1, 63) = -1;
    const auto q = quantize::per_token_fp4(x.view());
    CHECK(q.scales(0, 0) == 2);
    CHECK(q.scales(0, 1) == 1e-4f / 6);
    CHECK(q.data(0, 0).bits == (7 | 13 << 4));
    CHECK(q.data(1, 31).bits == 0xf0);
    const auto rounded = quantize::mx_fp4(x.view());
    CHECK(rounded.scales(1, 1) == 0.25f);
    CHECK(rounded.data(1, 31).bits == 0xe0);
}

TEST_CASE("FP4: the kernel's rounding is that of the host, for floats of all sizes") {
    int wrong = 0;
    for (u64 bits = 0; bits < (u64(1) << 32); bits += 0x1001) {
        const float x = bit_cast<float>(u32(bits));
        wrong += scale::detail::fp4_code(x) != quantize::cast_fp4(x);
    }
    // Around all midpoints and numbers, float by float.
    for (const float at : {0.25f, 0.5f, 0.75f, 1.0f, 1.25f, 1.5f, 1.75f, 2.0f, 2.5f, 3.0f, 3.5f, 4.0f, 5.0f, 6.0f}) {
        for (u32 bits = bit_cast<u32>(at) - 40; bits < bit_cast<u32>(at) + 40; ++bits) {
            for (const float x : {bit_cast<float>(bits), -bit_cast<float>(bits)}) {
                wrong += quantize::cast_fp4(x) != nearest_fp4(double(x));
                wrong += int(scale::detail::fp4_code(x)) != nearest_fp4(double(x));
            }
        }
    }
    CHECK(wrong == 0);
    CHECK(scale::detail::fp4_code(infinity) == 7);
    CHECK(scale::detail::fp4_code(-infinity) == 15);
    CHECK(scale::detail::fp4_code(nan_value) == 0);
    CHECK(scale::detail::fp4_code(-0.0f) == 0);
}

TEST_CASE("FP4: MX and NV by the definition") {
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    const auto x = numbers(23, 150, seed);
    const float whole = quantize::nv_tensor_scale(x.view());
    double most = 0;
    for (i64 i = 0; i < x.rows(); ++i) {
        for (i64 j = 0; j < x.columns(); ++j) most = std::max(most, std::fabs(double(x(i, j))));
    }
    CHECK(whole == float(most) / 2688.0f);
    const auto check = [&](const quantize::fp4_matrix& q, bool nv) {
        int wrong = 0, largest_code = 0;
        for (i64 i = 0; i < x.rows(); ++i) {
            for (i64 j = 0; j < x.columns(); ++j) {
                float amax = 1e-4f;
                const i64 first = j / q.gran_k * q.gran_k;
                for (i64 c = first; c < std::min(x.columns(), first + q.gran_k); ++c)
                    amax = std::max(amax, std::fabs(x(i, c)));
                double scale = double(amax / 6.0f);
                if (nv) {
                    const int code = nearest(double(amax / 6.0f / q.tensor_scale), 127, true, small_float);
                    largest_code = std::max(largest_code, code);
                    scale = small_float(std::max(code, 1));
                } else {
                    int exponent;
                    const double fraction = std::frexp(scale, &exponent);
                    scale = std::ldexp(1.0, fraction == 0.5 ? exponent - 1 : exponent);
                }
                wrong += double(q.scales(i, j / q.gran_k)) != scale;
                const float reciprocal = 1.0f / (float(scale) * q.tensor_scale);
                wrong += code_of(q.data, i, j) != nearest_fp4(double(x(i, j) * reciprocal));
            }
        }
        CHECK(wrong == 0);
        return largest_code;
    };
    const auto mx = quantize::mx_fp4(x.view());
    CHECK(mx.gran_k == 32);
    CHECK(mx.scales.columns() == 5);
    check(mx, false);
    const auto nv = quantize::nv_fp4(x.view(), whole);
    CHECK(nv.gran_k == 16);
    CHECK(nv.scales.columns() == 10);
    CHECK(check(nv, true) == 126);  // the tile with the largest number has the largest scale, 448
    check(quantize::nv_fp4(x.view()), true);
    check(quantize::nv_fp4(x.view(), 0x1p-30f), true);  // all scales saturate
    check(quantize::nv_fp4(x.view(), 1e9f), true);      // all scales are the smallest
}

TEST_CASE("FP4: NaN and infinity have NaN scales") {
    matrix<float> x(2, 32);
    x.fill_bytes(0);
    x(0, 3) = -nan_value;
    x(1, 20) = infinity;
    const auto nv = quantize::nv_fp4(x.view());
    CHECK(std::isnan(nv.scales(0, 0)));
    CHECK(nv.scales(0, 1) == 0x1p-9f);
    CHECK(std::isnan(nv.scales(1, 1)));
    CHECK(quantize::scale_words(nv).at(0, 0, 0) == 0x017fu);
    CHECK(quantize::scale_words(nv).at(0, 1, 0) == 0x7f01u);
    CHECK(quantize::scale_words(quantize::mx_fp4(x.view())).at(0, 0, 0) == 0xffu);
    CHECK(std::isnan(quantize::dequantised(nv)(1, 20)));
}

TEST_CASE("FP4: dequantised numbers are codes times scales, and close to what was quantised") {
    const auto x = numbers(9, 96, fresh_seed());
    for (const auto& q : {quantize::mx_fp4(x.view()), quantize::nv_fp4(x.view(), quantize::nv_tensor_scale(x.view())),
                          quantize::per_token_fp4(x.view(), 32)}) {
        const auto back = quantize::dequantised(q);
        REQUIRE(back.columns() == 96);
        const auto fp8 = quantize::as_fp8<e4m3>(q.data.view(), 112);
        const auto wide = quantize::as_fp8<e5m2>(q.data.view());
        int wrong = 0, far = 0;
        for (i64 i = 0; i < x.rows(); ++i) {
            for (i64 j = 0; j < x.columns(); ++j) {
                const int code = code_of(q.data, i, j);
                const double number = (code & 8 ? -1 : 1) * magnitudes[code & 7],
                             scale = double(q.scales(i, j / q.gran_k)) * double(q.tensor_scale);
                wrong += back(i, j) != float(number * scale);
                wrong += double(float(fp8(i, j))) != number || double(float(wide(i, j))) != number;
                far += std::fabs(double(back(i, j)) - double(x(i, j))) > 1.07 * scale;  // half of the step from 4 to 6
            }
        }
        CHECK(wrong == 0);
        CHECK(far == 0);
        for (i64 j = 96; j < 112; ++j) CHECK(fp8(0, j).bits == 0xff);
    }
}

TEST_CASE("FP4: packing, unpacking, transposing") {
    matrix<u8> codes(6, 10), turned(10, 6);
    random_source random(fresh_seed());
    for (i64 i = 0; i < 6; ++i) {
        for (i64 j = 0; j < 10; ++j) turned(j, i) = codes(i, j) = u8(random.integer(0, 15));
    }
    const auto packed = quantize::pack_fp4(codes);
    REQUIRE(packed.columns() == 5);
    int wrong = 0;
    for (i64 i = 0; i < 6; ++i) {
        for (i64 j = 0; j < 5; ++j) wrong += packed(i, j).bits != codes(i, 2 * j) + 16 * codes(i, 2 * j + 1);
    }
    CHECK(wrong == 0);
    CHECK(compare_bits(quantize::unpack_fp4(packed).view(), codes.view()));
    CHECK(compare_bits(quantize::transpose_fp4(packed).view(), quantize::pack_fp4(turned).view()));
    CHECK(compare_bits(quantize::transpose_fp4(quantize::transpose_fp4(packed)).view(), packed.view()));
    CHECK(quantize::pack_fp4(matrix<u8>(0, 4)).rows() == 0);
    CHECK(quantize::unpack_fp4(matrix<e2m1x2>(3, 0)).columns() == 0);

    codes(4, 7) = 16;
    CHECK_THROWS_WITH(quantize::pack_fp4(codes), "quantize: code 16 in row 4 and column 7 has more than four bits");
    CHECK_THROWS_WITH(quantize::pack_fp4(matrix<u8>(2, 3)),
                      "quantize: packed FP4 needs an even number of columns, not 3");
    CHECK_THROWS_WITH(quantize::transpose_fp4(matrix<e2m1x2>(3, 4)),
                      "quantize: the transpose of packed FP4 needs an even number of rows, not 3");
    const matrix<float> odd(2, 5), even(2, 6);
    CHECK_THROWS_WITH(quantize::mx_fp4(odd.view()), "quantize: packed FP4 needs an even number of columns, not 5");
    CHECK_THROWS_WITH(quantize::per_token_fp4(even.view(), 3), "quantize: packed FP4 needs an even gran_k, not 3");
    CHECK_THROWS_WITH(quantize::per_token_fp4(even.view(), 32, scale_kind::none),
                      "quantize: scales of FP4 are fp32, ue8m0 or ue4m3");
    CHECK_THROWS_WITH(quantize::per_token_fp4(even.view(), 32, scale_kind::ue8m0, 2),
                      "quantize: only ue4m3 scales have one of the tensor beside them");
    for (const float scale : {0.0f, -1.0f, infinity, nan_value}) {
        CHECK_THROWS_WITH(quantize::nv_fp4(even.view(), scale),
                          "quantize: the scale of a tensor must be positive and finite");
    }
    CHECK_THROWS_WITH(quantize::scale_words(quantize::per_token_fp4(matrix<float>(2, 4).view())),
                      "quantize: scales in fp32 are not packed to words");
}

TEST_CASE("UE4M3 bytes and words") {
    for (int code = 0; code < 127; ++code) {
        const float number = float(small_float(code));
        CHECK(quantize::ue4m3_byte(number) == u32(code));
        CHECK(scale::ue4m3::encode(number) == u32(std::max(code, 1)));
        CHECK(scale::ue4m3::decode(u32(code) << 16 | 0x55005555u, 6) == number);
        CHECK(quantize::ue4m3_byte(std::nextafter(number, infinity)) == 127);
    }
    for (const float number : {-1.0f, 449.0f, infinity, nan_value, -0.0f}) CHECK(quantize::ue4m3_byte(number) == 127);
    for (const int byte : {127, 128, 200, 255}) CHECK(std::isnan(scale::ue4m3::decode(u32(byte), 0)));
    CHECK(scale::ue4m3::encode(1e-9f) == 1);
    CHECK(scale::ue4m3::encode(500) == 126);
    for (const float number : {-1.0f, infinity, nan_value}) CHECK(scale::ue4m3::encode(number) == 127);
    CHECK(k_per_word(scale_kind::ue4m3, {1, 16}) == 64);
}

TEST_CASE("operands in FP4, as the reference multiplies them") {
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    random_source random(seed);
    for (const scale_kind kind : {scale_kind::ue8m0, scale_kind::ue4m3}) {
        for (const major order : {major::k, major::mn}) {
            const auto a = fp4_operand::exact(random, 10, 150, kind, order);
            const auto b = fp4_operand::of(numbers(12, 150, seed).view(), kind, order);
            CHECK(a.data.pitch() % 64 == 0);
            const auto dense_a = quantize::dequantised(a.cast), dense_b = quantize::dequantised(b.cast);
            const auto product = reference::gemm(a.view(), b.view());
            int wrong = 0;
            for (i64 i = 0; i < 10; ++i) {
                for (i64 j = 0; j < 12; ++j) {
                    double sum = 0, size = 0;
                    for (i64 k = 0; k < 150; ++k) {
                        sum += double(dense_a(i, k)) * double(dense_b(j, k));
                        size += std::fabs(double(dense_a(i, k)) * double(dense_b(j, k)));
                    }
                    wrong += std::fabs(product.value(i, j) - sum) > 1e-12 * size;
                }
            }
            CHECK(wrong == 0);
        }
    }
}

TEST_CASE_TEMPLATE("casts to FP4 on the simulator", X, bf16, float) {
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    struct shape {
        i64 m, k, x_pitch, q_padding;
    };
    // Aligned rows; K inside a tile, a vector and a word; pitches that forbid vectors; two elements.
    for (const shape s : {shape{9, 1024, 1024, 0},
                          {5, 600, 608, 4},
                          {3, 710, 720, 1},
                          {4, 262, 263, 0},
                          {1, 2, 2, 0},
                          {150, 514, 520, 3}}) {
        CAPTURE(s.k);
        const bool special = s.k == 710;
        CHECK(check_fp4<simulator, X, scale::ue8m0>(s.m, s.k, s.x_pitch, s.q_padding, 0, special, seed) == "");
        CHECK(check_fp4<simulator, X, scale::ue4m3>(s.m, s.k, s.x_pitch, s.q_padding, 0, special, seed) == "");
        CHECK(check_fp4<simulator, X, scale::ue4m3>(s.m, s.k, s.x_pitch, s.q_padding, 0.0123f, special, seed) == "");
    }
    CHECK(scale::cast_to_fp4<X, scale::ue8m0>::grid({.rows = 0, .columns = 128}, 132) == 0);
    CHECK(scale::cast_to_fp4<X, scale::ue8m0>::grid({.rows = 7, .columns = 0}, 132) == 0);
}

TEST_CASE_TEMPLATE("casts to FP4 per channel on the simulator", X, bf16, float) {
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    struct shape {
        i64 k, mn, x_pitch, q_padding;
    };
    for (const shape s : {shape{256, 256, 256, 0},
                          {150, 704, 704, 2},
                          {33, 130, 131, 1},
                          {65, 262, 264, 0},
                          {1, 2, 2, 0},
                          {530, 700, 704, 64}}) {
        CAPTURE(s.k);
        const bool special = s.k == 150;
        CHECK(check_fp4_per_channel<simulator, X, scale::ue8m0>(s.k, s.mn, s.x_pitch, s.q_padding, 0, special, seed) ==
              "");
        CHECK(check_fp4_per_channel<simulator, X, scale::ue4m3>(s.k, s.mn, s.x_pitch, s.q_padding, 0, special, seed) ==
              "");
        CHECK(check_fp4_per_channel<simulator, X, scale::ue4m3>(s.k, s.mn, s.x_pitch, s.q_padding, 7.5f, special,
                                                                seed) == "");
    }
    CHECK(scale::cast_to_fp4_per_channel<X, scale::ue8m0>::grid({.rows = 0, .columns = 128}, 132) == 0);
}

TEST_CASE("what casts to FP4 refuse") {
    using mx = scale::cast_to_fp4<bf16, scale::ue8m0>;
    using nv = scale::cast_to_fp4<float, scale::ue4m3>;
    alignas(16) static float x[64];
    alignas(16) static u8 q[64];
    alignas(16) static u32 words[32];
    static const float factor = 1;
    const scale::cast_fp4_arguments good{
        .x = x, .x_pitch = 32, .q = q, .q_pitch = 16, .rows = 2, .columns = 32, .scales = words};
    const auto error = [&good]<class K>(K, auto change) {
        auto arguments = good;
        change(arguments);
        const auto verdict = validate<K>(arguments);
        return verdict ? std::string("no error") : verdict.failure().message;
    };
    using arguments = scale::cast_fp4_arguments;
    CHECK(error(mx{}, [](arguments&) {}) == "no error");
    CHECK(error(nv{}, [](arguments& a) { a.tensor_scale = &factor; }) == "no error");
    CHECK(error(mx{}, [](arguments& a) { a = {}; }) == "no error");
    CHECK(error(mx{}, [](arguments& a) { a.columns = 31; }) ==
          "x has 31 columns; packed FP4, two elements in a byte, needs an even number");
    CHECK(error(mx{}, [](arguments& a) { a.rows = -1; }) == "x is -1 x 32; each size must be from 0 to 2147479552");
    CHECK(error(mx{}, [](arguments& a) { a.tensor_scale = &factor; }) ==
          "a scale of the tensor is given; only a cast with ue4m3 scales has one");
    CHECK(error(mx{}, [](arguments& a) { a.x_pitch = 31; }) == "x has pitch 31; it must be at least its 32 columns");
    CHECK(error(mx{}, [](arguments& a) { a.q_pitch = 15; }) == "q has a pitch of 15 bytes; its 32 columns take 16");
    CHECK(error(nv{}, [](arguments& a) { a.scale_stride_mn = 0; }) ==
          "the 2 x 1 words of scales have strides 0 and 0; a stride between different words must be positive");
    using channels = scale::cast_to_fp4_per_channel<bf16, scale::ue8m0>;
    CHECK(error(channels{}, [](arguments&) {}) == "no error");  // one word for each of 32 columns
    CHECK(error(channels{}, [](arguments& a) { a.scale_stride_mn = 0; }) ==
          "the 32 x 1 words of scales have strides 0 and 0; a stride between different words must be positive");
    CHECK(error(mx{}, [](arguments& a) { a.q = reinterpret_cast<u8*>(x); }) ==
          "q overlaps x in memory; the result would be undefined");
    CHECK(error(nv{}, [](arguments& a) { a.tensor_scale = reinterpret_cast<const float*>(words); }) ==
          "the matrix of scales overlaps the scale of the tensor in memory; the result would be undefined");
}

}  // namespace fp4_tests
