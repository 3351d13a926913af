// SPDX-License-Identifier: MIT
// The reference GEMM against a triple loop written from the formula, and the comparisons: what they let pass and what not.
#include <doctest/doctest.h>

#include <deepgemm/reference/operand.hpp>

using namespace deepgemm;

namespace {

/// sum over k of a b with scales, from the raw scales and without any layout.
template <class Q>
double formula(const quantised_operand<Q>& a, const quantised_operand<Q>& b, i64 m, i64 n) {
    double sum = 0;
    for (i64 k = 0; k < a.data.columns(); ++k) {
        sum += double(float(a.data(m, k))) * a.scales(m / a.tile.mn, k / a.tile.k) * double(float(b.data(n, k))) *
               b.scales(n / b.tile.mn, k / b.tile.k);
    }
    return sum;
}

}  // namespace

TEST_CASE("the reference multiplies") {
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    random_source random(seed);
    for (const scale_kind kind : {scale_kind::fp32, scale_kind::ue8m0}) {
        for (const int tile_n : {1, 128}) {
            matrix<float> x(37, 333), y(150, 333);
            random.fill_normal(x.view());
            random.fill_normal(y.view());
            const auto a = quantised_operand<e4m3>::of(x.view(), {{1, 128}, kind, 352});
            const auto b = quantised_operand<e4m3>::of(y.view(), {{tile_n, 128}, kind});
            const auto p = reference::gemm(a.view(), b.view());
            double worst = 0;
            for (i64 m = 0; m < 37; ++m) {
                for (i64 n = 0; n < 150; ++n) {
                    worst = std::max(worst, std::fabs(p.value(m, n) - formula(a, b, m, n)) / p.magnitude(m, n));
                }
            }
            CHECK(worst < 1e-14);
            const auto some = reference::gemm_at(a.view(), b.view(), {36, 3}, {149, 0, 77});
            for (i64 i = 0; i < 2; ++i) {
                for (i64 j = 0; j < 3; ++j) {
                    CHECK(some.value(i, j) == p.value(some.rows[std::size_t(i)], some.columns[std::size_t(j)]));
                }
            }
        }
    }
}

TEST_CASE("scales multiply the sum of their block, and their product is FP32's where that is no normal number") {
    const float inf = __builtin_inff(), nan = __builtin_nanf("");
    const auto product = [](float scale_a, float scale_b, float sum) {
        // 130 elements of K: the first block sums up to `sum`, the second to nothing and has scales of one.
        matrix<e4m3> a(1, 130), b(1, 130);
        for (i64 k = 0; k < 130; ++k) a(0, k) = b(0, k) = {};
        a(0, 0) = e4m3::from_float(2.0f);
        a(0, 1) = e4m3::from_float(1.0f);
        b(0, 0) = e4m3::from_float(sum);
        b(0, 1) = e4m3::from_float(-sum);
        matrix<float> scales_of_a(1, 2), scales_of_b(1, 2);
        scales_of_a(0, 0) = scale_a, scales_of_b(0, 0) = scale_b;
        scales_of_a(0, 1) = scales_of_b(0, 1) = 1;
        const auto left = quantised_operand<e4m3>::from_parts(std::move(a), std::move(scales_of_a), {1, 128},
                                                              scale_kind::fp32),
                   right = quantised_operand<e4m3>::from_parts(std::move(b), std::move(scales_of_b), {1, 128},
                                                               scale_kind::fp32);
        return reference::gemm(left.view(), right.view()).value(0, 0);
    };
    CHECK(product(0.5f, 3.0f, 4.0f) == 6);
    CHECK(product(inf, 1.0f, 4.0f) == double(inf));  // not infinity less infinity
    CHECK(product(-inf, 0x1p-149f, 4.0f) == -double(inf));
    CHECK(std::isnan(product(inf, 1.0f, 0.0f)));
    CHECK(std::isnan(product(inf, 0.0f, 4.0f)));
    CHECK(std::isnan(product(nan, 1.0f, 0.0f)));
    CHECK(product(0x1p100f, 0x1p40f, 0x1p-6f) == double(inf));
    CHECK(product(0x1p-100f, 0x1p-60f, 256.0f) == 0);
    CHECK(product(0x1.8p-100f, 0x1p-49f, 1.0f) == 0x1p-148);  // subnormal: 1.5 * 2^-149 is rounded, to even
    CHECK(product(0x1.000002p-60f, 0x1.000002p-60f, 1.0f) == 0x1.000002p-60 * 0x1.000002p-60);  // normal: exact
    CHECK(product(-0x1p60f, 0x1p60f, 1.0f) == -0x1p120);
}

TEST_CASE("an infinite result is infinite, no matter how large an error is allowed") {
    matrix<double> expected(1, 3), magnitude(1, 3);
    matrix<f16> d(1, 3);
    const double values[] = {__builtin_inf(), 70000.0, -70000.0};  // the last two beyond FP16
    const float got[] = {__builtin_inff(), __builtin_inff(), -__builtin_inff()};
    for (i64 i = 0; i < 3; ++i) {
        expected(0, i) = values[i];
        magnitude(0, i) = std::fabs(values[i]);
        d(0, i) = f16::from_float(got[i]);
    }
    CHECK(compare_elements(d.view(), expected.view(), magnitude.view(), tolerance::fp32));
    for (i64 i = 0; i < 3; ++i) d(0, i) = f16::from_float(65504.0f);
    CHECK(compare_elements(d.view(), expected.view(), magnitude.view(), tolerance::half).wrong == 3);
}

TEST_CASE("exact operands are exact in FP32") {
    random_source random(fresh_seed());
    const auto a = quantised_operand<e4m3>::exact(random, 20, 1024, {{1, 128}, scale_kind::ue8m0});
    const auto b = quantised_operand<e5m2>::exact(random, 24, 1024, {{128, 128}, scale_kind::fp32});
    const auto p = reference::gemm(a.view(), b.view());
    for (i64 i = 0; i < 20; ++i) {
        for (i64 j = 0; j < 24; ++j) REQUIRE(double(float(p.value(i, j))) == p.value(i, j));
    }
}

TEST_CASE("C, head splits and sampled columns") {
    random_source random(fresh_seed());
    const auto a = quantised_operand<e4m3>::exact(random, 4, 256),
               b = quantised_operand<e4m3>::exact(random, 12, 256, {{128, 128}});
    matrix<float> c(4, 12);
    random.fill_integers(c.view(), -9, 9);
    auto p = reference::gemm_at(a.view(), b.view(), {3, 1}, {0, 5, 11});
    reference::add(p, c.view());
    CHECK(p.value(0, 1) == formula(a, b, 3, 5) + double(c(3, 5)));
    // Heads of 2 + 4 columns with 3 skipped between: columns 0 1 . . . 2 3 4 5 | 6 7 . . . 8 9 10 11
    const head_splits heads{2, 3, 4};
    const i64 stored[] = {0, 1, 5, 6, 7, 8, 9, 10, 14, 15, 16, 17};
    for (i64 n = 0; n < 12; ++n) CHECK(reference::stored_column(n, heads) == stored[n]);
    matrix<bf16> d(4, 18);
    for (i64 i = 0; i < 2; ++i) {
        for (i64 j = 0; j < 3; ++j) {
            d(p.rows[std::size_t(i)], stored[p.columns[std::size_t(j)]]) = bf16::from_float(float(p.value(i, j)));
        }
    }
    CHECK(reference::compare_exact(d.view(), p, heads));
    CHECK(reference::compare(d.view(), p, tolerance::fp32, heads));
    CHECK(reference::diff(d.view(), p, heads) == 0);
    d(3, 8) = bf16::from_float(float(d(3, 8)) + 4096);
    const auto found = reference::compare(d.view(), p, tolerance::fp32, heads);
    CHECK(found.wrong == 1);
    CHECK(found.row == 3);
    CHECK(found.column == 8);
}

TEST_CASE("calc_diff") {
    matrix<float> x(2, 3), y(2, 3);
    x.fill_bytes(0);
    y.fill_bytes(0);
    CHECK(calc_diff(x.view(), y.view()) == 0);
    x(0, 0) = y(0, 0) = 2;
    CHECK(calc_diff(x.view(), y.view()) == 0);
    y(1, 1) = 1;
    CHECK(calc_diff(x.view(), y.view()) == doctest::Approx(1 - 8.0 / 9));
    y(1, 2) = std::nanf("");
    CHECK_FALSE(calc_diff(x.view(), y.view()) < 1);
    matrix<float> other(3, 2);
    CHECK_THROWS_WITH(calc_diff(x.view(), other.view()), "calc_diff: the shapes differ");
}

TEST_CASE("element-wise comparison finds one wrong element that calc_diff hides") {
    random_source random(fresh_seed());
    const auto a = quantised_operand<e4m3>::exact(random, 64, 512), b = quantised_operand<e4m3>::exact(random, 96, 512);
    const auto p = reference::gemm(a.view(), b.view());
    auto d = p.rounded<bf16>();
    CHECK(reference::compare(d.view(), p, tolerance::fp32));
    CHECK(reference::compare_exact(d.view(), p));
    const double before = p.value(40, 50);
    d(40, 50) = bf16::from_float(float(before + p.magnitude(40, 50) / 20));
    CHECK(reference::diff(d.view(), p) < 1e-3);
    const auto found = reference::compare(d.view(), p, tolerance::hopper_fp8);
    CHECK_FALSE(found);
    CHECK(found.wrong == 1);
    CHECK(found.row == 40);
    CHECK(found.column == 50);
    CHECK(found.expected == before);
    CHECK(found.text().find("1 of 6144 elements are wrong; worst at (40, 50): got ") == 0);
    d(1, 2) = bf16{0x7fc0};
    const auto with_nan = reference::compare(d.view(), p, tolerance::hopper_fp8);
    CHECK(with_nan.wrong == 2);
    CHECK(with_nan.row == 1);
    CHECK(reference::compare_exact(d.view(), p).wrong == 2);
}

TEST_CASE("operands are poisoned where nobody may read") {
    random_source random(fresh_seed());
    const auto a = quantised_operand<e4m3>::exact(random, 5, 130, {{1, 128}, scale_kind::ue8m0, 144});
    CHECK(a.data(4, 130).bits == 0x7f + 0x80);
    CHECK(a.stride_mn == 1);
    CHECK(a.stride_k == 8);
    REQUIRE(a.words.size() == 8);
    for (std::size_t i = 5; i < 8; ++i) CHECK(a.words[i] == 0xffffffff);
    CHECK((a.words[0] & 0xffff0000) == 0);  // two K blocks only
    const auto b = quantised_operand<e4m3>::exact(random, 300, 130, {{128, 128}});
    CHECK(b.words.size() == 6);
    CHECK(b.stride_mn == 2);
    CHECK(b.stride_k == 1);
}

TEST_CASE("random numbers repeat with the seed and look like their distribution") {
    matrix<float> x(100, 1000), y(100, 1000);
    const u64 seed = fresh_seed();
    random_source(seed).fill_normal(x.view());
    random_source(seed).fill_normal(y.view());
    CHECK(compare_bits(x.view(), y.view()));
    random_source(seed + 1).fill_normal(y.view());
    CHECK(compare_bits(x.view(), y.view()).wrong > 99000);
    double sum = 0, squares = 0;
    for (i64 i = 0; i < 100; ++i) {
        for (i64 j = 0; j < 1000; ++j) {
            sum += x(i, j);
            squares += double(x(i, j)) * x(i, j);
        }
    }
    CHECK(std::fabs(sum / 1e5) < 0.02);
    CHECK(std::fabs(squares / 1e5 - 1) < 0.03);
    matrix<e4m3> small(100, 100);
    random_source(seed + 2).fill_integers(small.view(), -2, 2);
    int seen[5] = {};
    for (i64 i = 0; i < 100; ++i) {
        for (i64 j = 0; j < 100; ++j) ++seen[int(float(small(i, j))) + 2];
    }
    // Of 2000 expected: by Chernoff's bound chance leaves so few once in 10^11 runs.
    for (const int count : seen) CHECK(count > 1700);
}
