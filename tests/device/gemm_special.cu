// SPDX-License-Identifier: MIT
// The promises of docs/numerics.md on a GPU: special values and scales through the named operations, and errors on data that is
// hard on the tensor core, held against the bounds of the page. The simulator's half is tests/docs/numerics.cpp.
#include <doctest/doctest.h>

#include <deepgemm/reference/argument.hpp>

#include <cmath>

#include "gemm_support.cuh"

using namespace deepgemm;
using namespace gemm_tests;

namespace {

constexpr float infinity = __builtin_inff(), nan_value = __builtin_nanf("");

template <class T>
std::vector<T> elements(const matrix<T>& x) {
    return {x.data(), x.data() + x.size()};
}

/// D(m, n) = C + A B^T of FP8 operands on the device; C may be null.
template <class D>
matrix<D> product(const quantised_operand<e4m3>& a, const quantised_operand<e4m3>& b, const matrix<D>* c = nullptr) {
    const device_array<e4m3> a_there(elements(a.data)), b_there(elements(b.data));
    const device_array<u32> sa(a.words), sb(b.words);
    matrix<D> d = c != nullptr ? *c : matrix<D>(a.data.rows(), b.data.rows());
    const device_array<D> d_there(elements(d));
    const output_matrix to = row_major(d_there.get(), d.rows(), d.columns(), d.pitch());
    scaled_matrix left = argument_of(a), right = argument_of(b);
    left.matrix.data = a_there.get(), left.scales.data = sa.get();
    right.matrix.data = b_there.get(), right.scales.data = sb.get();
    gemm_options options;
    if (c != nullptr) options.c = to;
    or_throw(fp8_gemm_nt(shipped(), left, right, to, options));
    check(cudaDeviceSynchronize());
    d_there.read(d.data());
    return d;
}

/// D(m, n) = A B^T of 16-bit operands, D of their type.
template <class T>
matrix<T> product(const matrix<T>& a, const matrix<T>& b) {
    const device_array<T> a_there(elements(a)), b_there(elements(b));
    matrix<T> d(a.rows(), b.rows());
    const device_array<T> d_there(elements(d));
    const auto left = row_major<T>(static_cast<const T*>(a_there.get()), a.rows(), a.columns(), a.pitch());
    const auto right = row_major<T>(static_cast<const T*>(b_there.get()), b.rows(), b.columns(), b.pitch());
    const auto to = row_major(d_there.get(), d.rows(), d.columns(), d.pitch());
    or_throw(is_same_v<T, bf16> ? bf16_gemm_nt(shipped(), left, right, to) : f16_gemm_nt(shipped(), left, right, to));
    check(cudaDeviceSynchronize());
    d_there.read(d.data());
    return d;
}

/// FP8 operands of given elements with scales of one.
template <class Value>
quantised_operand<e4m3> plain_operand(i64 rows, i64 k, scale_tile tile, Value value) {
    matrix<e4m3> data(rows, k);
    matrix<float> scales(ceil_div(rows, i64(tile.mn)), ceil_div(k, i64(tile.k)));
    for (i64 i = 0; i < rows; ++i) {
        for (i64 j = 0; j < k; ++j) data(i, j) = e4m3::from_float(value(i, j));
    }
    for (i64 i = 0; i < scales.rows(); ++i) {
        for (i64 j = 0; j < scales.columns(); ++j) scales(i, j) = 1.0f;
    }
    return quantised_operand<e4m3>::from_parts(std::move(data), std::move(scales), tile, scale_kind::fp32);
}

/// The largest error of FP8 products in FP32, relative to an element's sum of |products|.
double largest_error(const quantised_operand<e4m3>& a, const quantised_operand<e4m3>& b) {
    matrix<float> zero(a.data.rows(), b.data.rows());
    zero.fill_bytes(0);
    const matrix<float> d = product(a, b, &zero);
    const auto exact = reference::gemm(a.view(), b.view());
    double largest = 0;
    for (i64 i = 0; i < d.rows(); ++i) {
        for (i64 j = 0; j < d.columns(); ++j)
            largest = std::fmax(largest, std::fabs(double(d(i, j)) - exact.value(i, j)) / exact.magnitude(i, j));
    }
    return largest;
}

}  // namespace

TEST_CASE("gemm special: scales that are infinite, NaN, zero, negative, or whose product leaves FP32") {
    const float of_a[] = {infinity, -infinity, nan_value, 0.0f, -2.0f, 0x1p100f, 0x1p-100f, 0x1p-149f, 0x1p-70f, 1.0f};
    const float of_b[] = {0x1p40f, 1.0f, 0x1p-60f};
    random_source random(fresh_seed());
    for (const major order : {major::mn, major::k}) {
        auto a = quantised_operand<e4m3>::exact(random, 10, 300), b = quantised_operand<e4m3>::exact(random, 24, 300);
        for (i64 k = 0; k < 300; ++k) b.data(5, k) = {};
        for (i64 k = 0; k < 300; ++k)
            a.data(5, k) = b.data(0, k) = e4m3::from_float(1);  // infinity times a sum that is not zero
        matrix<float> blocks(1, 3);
        for (i64 block = 0; block < 3; ++block) {
            blocks(0, block) = of_b[block];
            for (i64 row = 0; row < 10; ++row) a.scales(row, block) = of_a[row];
        }
        a = quantised_operand<e4m3>::from_parts(std::move(a.data), std::move(a.scales), {1, 128}, scale_kind::fp32,
                                                order);
        b = quantised_operand<e4m3>::from_parts(std::move(b.data), std::move(blocks), {128, 128}, scale_kind::fp32);
        const matrix<bf16> d = product<bf16>(a, b);
        const auto found = reference::compare(d.view(), reference::gemm(a.view(), b.view()), tolerance::fp32);
        CHECK_MESSAGE(found, found.text());
        CHECK(std::isinf(float(d(5, 0))));
        CHECK(std::isnan(float(d(0, 5))));
        CHECK(float(d(3, 0)) == 0);
    }
}

TEST_CASE("gemm special: FP8 products that are hard on the tensor core stay within the bound") {
    const auto ones = [](i64, i64) { return 1.0f; };
    const scale_tile token{1, 128};
    // One product of 2^16 in each K block, all others just below 2^-13 of it.
    const auto hard = plain_operand(64, 1024, token, [](i64, i64 k) { return k % 128 == 0 ? 256.0f : 0.0625f; }),
               high = plain_operand(64, 1024, token, [](i64, i64 k) { return k % 128 == 0 ? 256.0f : 120.0f; });
    const double of_hard = largest_error(hard, high);
    CHECK(of_hard <= tolerance::worst(dtype::e4m3, 1024));
    MESSAGE("one large product in each block: e = 2^", std::log2(of_hard));
    CHECK(largest_error(plain_operand(64, 1024, token, ones), plain_operand(64, 1024, token, ones)) == 0);
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    random_source random(seed);
    for (const i64 k : {128, 1024, 7168}) {
        matrix<float> x(256, k), y(256, k);
        random.fill_uniform(x.view(), 0.0f, 1.0f);
        random.fill_uniform(y.view(), 0.0f, 1.0f);
        const double of_positive =
            largest_error(quantised_operand<e4m3>::of(x.view()), quantised_operand<e4m3>::of(y.view()));
        CHECK(of_positive <= tolerance::worst(dtype::e4m3, k));
        CHECK(of_positive > 0);
        MESSAGE("data of one sign, K = ", k, ": e = 2^", std::log2(of_positive));
    }
}

TEST_CASE_TEMPLATE("gemm special: subnormal numbers, NaN and infinity in 16-bit operands", T, bf16, f16) {
    const float smallest = is_same_v<T, bf16> ? 0x1p-133f : 0x1p-24f;
    matrix<T> a(4, 64), b(8, 64);
    for (i64 k = 0; k < 64; ++k) {
        for (i64 i = 0; i < 4; ++i) a(i, k) = T::from_float(i == 0 ? smallest : 1.0f);
        for (i64 j = 0; j < 8; ++j) b(j, k) = T::from_float(1.0f);
    }
    a(1, 3) = from_float<T>(nan_value);
    a(2, 3) = from_float<T>(infinity);
    b(5, 3) = from_float<T>(0.0f);
    const matrix<T> d = product(a, b);
    CHECK(float(d(0, 0)) == 64 * smallest);
    CHECK(float(d(3, 0)) == 64);
    CHECK(float(d(3, 5)) == 63);
    for (i64 j = 0; j < 8; ++j) {
        CHECK(std::isnan(float(d(1, j))));
        CHECK((j == 5 ? std::isnan(float(d(2, j))) : float(d(2, j)) == infinity));
    }
}

TEST_CASE("gemm special: an FP16 D overflows to infinity, from 65520 on") {
    matrix<f16> a(1, 16), b(8, 16);
    a.fill_bytes(0);
    b.fill_bytes(0);
    a(0, 0) = f16::from_float(256.0f);
    a(0, 1) = f16::from_float(1.0f);
    const float second[] = {-16.0f, -17.0f};
    for (i64 j = 0; j < 2; ++j) {
        b(j, 0) = f16::from_float(256.0f);
        b(j, 1) = f16::from_float(second[j]);
    }
    const matrix<f16> d = product(a, b);
    CHECK(float(d(0, 0)) == infinity);
    CHECK(float(d(0, 1)) == 65504.0f);
}
