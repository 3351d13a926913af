// SPDX-License-Identifier: MIT
// What docs/numerics.md promises of results: its table of error bounds is computed here and held against measured errors, and
// each special value does to D what the page says.
#include <doctest/doctest.h>

#include <deepgemm/host/sim_launch.hpp>
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/ops.hpp>
#include <deepgemm/reference/argument.hpp>

#include <algorithm>
#include <cmath>

#include "page.hpp"

namespace numerics_tests {

using namespace deepgemm;

namespace {

constexpr i64 m = 9, n = 24;
constexpr float infinity = __builtin_inff();

template <class Q>
using fp8 = gemm<arch::sm90, operand<Q, scale::per_token<scale::fp32>>, operand<Q, scale::per_block<scale::fp32>>,
                 store<float>, config{.block = {64, 32, 128}, .stages = 3, .sm90 = {.warpgroups = 1}}>;
template <class T, class D>
using half = gemm<arch::sm90, operand<T>, operand<T>, store<D>,
                  config{.block = {64, 64, 64}, .stages = 3, .sm90 = {.warpgroups = 1, .promote = promotion::never}}>;

const engine& simulated() {
    static const engine made(
        sim::kernel_list<fp8<e4m3>, fp8<e5m2>, half<bf16, float>, half<f16, float>, half<f16, f16>>,
        device_info::simulator());
    return made;
}

/// D of FP8 operands, in FP32.
template <class Q>
matrix<float> product(const quantised_operand<Q>& a, const quantised_operand<Q>& b) {
    matrix<float> d(a.data.rows(), b.data.rows());
    const auto outcome = fp8_gemm_nt(simulated(), argument_of(a), argument_of(b), argument_of(d));
    REQUIRE_MESSAGE(outcome, outcome.failure().message);
    return d;
}
/// D of 16-bit operands.
template <class D, class T>
matrix<D> product(const matrix<T>& a, const matrix<T>& b) {
    matrix<D> d(a.rows(), b.rows());
    const auto run = [](const auto&... given) {
        if constexpr (is_same_v<T, bf16>) {
            return bf16_gemm_nt(given...);
        } else {
            return f16_gemm_nt(given...);
        }
    };
    const auto outcome = run(simulated(), argument_of(a), argument_of(b), argument_of(d));
    REQUIRE_MESSAGE(outcome, outcome.failure().message);
    return d;
}

/// The largest error of D relative to an element's sum of |products|.
double largest_error(const matrix<float>& d, const reference::product& exact) {
    double largest = 0;
    for (i64 i = 0; i < d.rows(); ++i) {
        for (i64 j = 0; j < d.columns(); ++j)
            largest = std::max(largest, std::fabs(double(d(i, j)) - exact.value(i, j)) / exact.magnitude(i, j));
    }
    return largest;
}

/// Random numbers, of both signs or of one.
matrix<float> numbers(random_source& random, i64 rows, i64 columns, bool positive) {
    matrix<float> x(rows, columns);
    random.fill_normal(x.view());
    for (i64 i = 0; positive && i < rows; ++i) {
        for (i64 j = 0; j < columns; ++j) x(i, j) = std::fabs(x(i, j));
    }
    return x;
}

template <class T>
matrix<T> rounded(const matrix<float>& x) {
    matrix<T> out(x.rows(), x.columns());
    for (i64 i = 0; i < x.rows(); ++i) {
        for (i64 j = 0; j < x.columns(); ++j) out(i, j) = T::from_float(x(i, j));
    }
    return out;
}

/// FP8 operands of ones with scales of one, K elements each.
template <class Q>
quantised_operand<Q> ones(i64 rows, i64 k, scale_tile tile) {
    matrix<Q> data(rows, k, align_up(k, i64(16)));
    matrix<float> scales(ceil_div(rows, i64(tile.mn)), ceil_div(k, i64(tile.k)));
    for (i64 i = 0; i < rows; ++i) {
        for (i64 j = 0; j < k; ++j) data(i, j) = Q::from_float(1.0f);
    }
    for (i64 i = 0; i < scales.rows(); ++i) {
        for (i64 j = 0; j < scales.columns(); ++j) scales(i, j) = 1.0f;
    }
    return quantised_operand<Q>::from_parts(std::move(data), std::move(scales), tile, scale_kind::fp32);
}

}  // namespace

TEST_CASE("the page's table of error bounds is that of the library") {
    const auto lines = source_lines("docs/numerics.md");
    auto line = std::find(lines.begin(), lines.end(), "<!-- bounds -->");
    REQUIRE(line != lines.end());
    line += 3;
    for (const i64 k : {128, 1024, 7168, 16384, 65536}) {
        REQUIRE(line != lines.end());
        CHECK(*line++ == format("| %lld | %.1e | %.1e | %.1e |", (long long)k, tolerance::worst(dtype::e4m3, k),
                                tolerance::worst_in_place(k), tolerance::worst(dtype::bf16, k)));
    }
    CHECK(tolerance::worst(dtype::e5m2, 300) == tolerance::worst(dtype::e4m3, 300));
    CHECK(tolerance::worst(dtype::f16, 300) == tolerance::worst(dtype::bf16, 300));
}

TEST_CASE("measured errors stay within the bounds") {
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    random_source random(seed);
    for (const i64 k : {104, 1024, 7168}) {
        for (const bool positive : {false, true}) {
            CAPTURE(k);
            CAPTURE(positive);
            const matrix<float> x = numbers(random, m, k, positive), y = numbers(random, n, k, positive);
            const auto a = quantised_operand<e4m3>::of(x.view()),
                       b = quantised_operand<e4m3>::of(y.view(), {.tile = {128, 128}});
            const double of_fp8 = largest_error(product(a, b), reference::gemm(a.view(), b.view()));
            CHECK(of_fp8 <= tolerance::worst(dtype::e4m3, k));
            CHECK(of_fp8 <= tolerance::hopper_fp8);
            const matrix<bf16> p = rounded<bf16>(x), q = rounded<bf16>(y);
            const double of_bf16 = largest_error(
                product<float>(p, q), reference::gemm(reference::plain(p.view()), reference::plain(q.view())));
            CHECK(of_bf16 <= tolerance::worst(dtype::bf16, k));
            CHECK(of_bf16 <= tolerance::half);
            CHECK(of_fp8 > 0);  // something was measured
            CHECK(of_bf16 > 0);
        }
    }
}

TEST_CASE("NaN and infinity spoil their row or column of D and nothing else") {
    auto a = ones<e5m2>(m, 200, {1, 128}), b = ones<e5m2>(n, 200, {128, 128});
    a.data(2, 150) = e5m2{0x7f};
    a.data(4, 0) = e5m2{0x7c};
    a.data(5, 0) = e5m2{0x7c};
    a.data(5, 1) = e5m2{0xfc};
    b.data(7, 0) = e5m2{0};
    const matrix<float> d = product(a, b);
    for (i64 i = 0; i < m; ++i) {
        for (i64 j = 0; j < n; ++j) {
            CAPTURE(i);
            CAPTURE(j);
            if (i == 2 || i == 5) {
                CHECK(std::isnan(d(i, j)));
            } else if (i == 4) {
                CHECK((j == 7 ? std::isnan(d(i, j)) : d(i, j) == infinity));  // infinity times zero
            } else {
                CHECK(d(i, j) == (j == 7 ? 199 : 200));
            }
        }
    }
}

TEST_CASE("subnormal numbers count") {
    matrix<f16> a(1, 16), b(8, 16);
    for (i64 k = 0; k < 16; ++k) {
        a(0, k) = f16::from_float(0x1p-24f);
        for (i64 j = 0; j < 8; ++j) b(j, k) = f16::from_float(1.0f);
    }
    CHECK(product<float>(a, b)(0, 3) == 0x1p-20f);
    CHECK(float(product<f16>(a, b)(0, 3)) == 0x1p-20f);
    auto x = ones<e4m3>(1, 128, {1, 128}), y = ones<e4m3>(8, 128, {128, 128});
    for (i64 k = 0; k < 128; ++k) x.data(0, k) = e4m3::from_float(0x1p-9f);
    CHECK(product(x, y)(0, 0) == 0x1p-2f);
}

TEST_CASE("an FP16 D overflows to infinity, from 65520 on") {
    matrix<f16> a(1, 16), b(8, 16);
    a.fill_bytes(0);
    b.fill_bytes(0);
    a(0, 0) = f16::from_float(256.0f);
    a(0, 1) = f16::from_float(1.0f);
    const float second[] = {-16.0f, -17.0f, -32.0f};
    for (i64 j = 0; j < 3; ++j) {
        b(j, 0) = f16::from_float(256.0f);  // 65536
        b(j, 1) = f16::from_float(second[j]);
    }
    b(3, 0) = f16::from_float(-1000.0f);
    const auto d = product<f16>(a, b);
    CHECK(float(d(0, 0)) == infinity);  // 65520 lies halfway to what would follow
    CHECK(float(d(0, 1)) == 65504.0f);  // 65519
    CHECK(float(d(0, 2)) == 65504.0f);
    CHECK(float(d(0, 3)) == -infinity);
    CHECK(product<float>(a, b)(0, 3) == -256000.0f);
}

TEST_CASE("zero and negative scales are scales like others") {
    matrix<float> of_rows(2, 1), of_block(1, 1);
    of_rows(0, 0) = 0.0f;
    of_rows(1, 0) = -0.5f;
    of_block(0, 0) = -4.0f;
    const auto x = ones<e4m3>(2, 128, {1, 128}), y = ones<e4m3>(8, 128, {128, 128});
    const auto a = quantised_operand<e4m3>::from_parts(x.data, std::move(of_rows), {1, 128}, scale_kind::fp32),
               b = quantised_operand<e4m3>::from_parts(y.data, std::move(of_block), {128, 128}, scale_kind::fp32);
    const matrix<float> d = product(a, b);
    CHECK(d(0, 0) == 0);
    CHECK(d(1, 7) == 256);
}

}  // namespace numerics_tests
