// SPDX-License-Identifier: MIT
// The kernel of Blackwell on FP8: scales of one row and 32 or 128 elements of K, of blocks of 32 x 32 and 128 x 128, either
// side its own, or none, or floats of one row or of an operand that the epilogue applies; every order of operands; D in each
// type, C added, steps before the store, holes in heads. Exact data must come out bit by bit.
#include <doctest/doctest.h>

#include <deepgemm/epilogue/activation.cuh>
#include <deepgemm/epilogue/alpha.cuh>
#include <deepgemm/epilogue/bias.cuh>

#include "sm100_runs.hpp"

namespace sm100_fp8_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

template <class T, major Order = major::k>
using by_32 = operand<T, scale::mx<scale::ue8m0>, Order>;
template <class T, major Order = major::k>
using by_128 = operand<T, scale::per_token<scale::ue8m0>, Order>;
template <class T, major Order = major::k>
using by_block = operand<T, scale::per_block<scale::ue8m0>, Order>;
template <class T, major Order = major::k>
using by_small_block = operand<T, scale::mx_block<scale::ue8m0>, Order>;
template <class T, major Order = major::k>
using by_row = operand<T, scale::per_row<scale::fp32>, Order>;
template <class T>
using as_a_whole = operand<T, scale::per_tensor<scale::fp32>>;

constexpr config small{.block = {128, 64, 128}, .stages = 3};
constexpr config wide{.block = {128, 224, 128}, .stages = 2};
constexpr config square{.block = {128, 128, 128}, .store_columns = 32, .store_buffers = 1};
constexpr config odd{.block = {128, 96, 128}, .stages = 4, .store_rows = 128};

template <class A, class B, class Epilogue, config Config>
using kernel_of = gemm<arch::sm100, A, B, Epilogue, Config>;

/// Every pair of granularities, or close to it.
using granularities = shipped::kernels<kernel_of<by_32<e4m3>, by_32<e4m3>, store<bf16>, small>,
                                       kernel_of<by_128<e4m3>, by_128<e4m3>, store<float>, square>,
                                       kernel_of<by_128<e4m3>, by_block<e4m3>, store<bf16>, wide>,
                                       kernel_of<by_32<e5m2>, by_128<e4m3>, store<bf16>, odd>,
                                       kernel_of<by_block<e4m3>, by_32<e5m2>, store<float>, odd>,
                                       kernel_of<by_small_block<e4m3>, by_block<e4m3>, store<bf16>, square>,
                                       kernel_of<by_128<e5m2>, by_small_block<e5m2>, store<float>, wide>,
                                       kernel_of<operand<e4m3>, operand<e5m2>, store<bf16>, small>>;
/// Orders of operands.
using orders = shipped::kernels<kernel_of<by_32<e4m3>, by_32<e4m3, major::mn>, store<bf16>, square>,
                                kernel_of<by_128<e4m3, major::mn>, by_block<e4m3>, store<float>, small>,
                                kernel_of<by_128<e4m3, major::mn>, by_128<e5m2, major::mn>, store<bf16>, square>>;
/// What becomes of totals.
using results = shipped::kernels<kernel_of<by_128<e4m3>, by_128<e4m3>, accumulate<float>, square>,
                                 kernel_of<by_32<e4m3>, by_128<e4m3>, accumulate<bf16>, wide>,
                                 kernel_of<by_128<e4m3>, by_128<e4m3>, add_in_place, small>,
                                 kernel_of<by_128<e4m3>, by_block<e4m3>, then<alpha, bias<float>, store<bf16>>, odd>,
                                 kernel_of<by_32<e4m3>, by_32<e4m3>, then<bias<bf16>, relu, store<float>>, square>,
                                 kernel_of<by_128<e4m3>, by_block<e4m3>, store_heads<bf16, 128, 64, 128>, square>>;

/// Scales that hold for all of K, beside each other and beside none.
using at_end =
    shipped::kernels<kernel_of<by_row<e4m3>, by_row<e5m2>, store<bf16>, small>,
                     kernel_of<by_row<e4m3, major::mn>, as_a_whole<e4m3>, accumulate<float>, odd>,
                     kernel_of<operand<e4m3>, by_row<e4m3, major::mn>, then<alpha, bias<float>, store<bf16>>, square>,
                     kernel_of<as_a_whole<e4m3>, operand<e5m2>, store<float>, wide>>;

std::span<const gemm_handle> granularity_handles() { return handles(granularities{}); }
std::span<const gemm_handle> end_handles() { return handles(at_end{}); }
std::span<const gemm_handle> order_handles() { return handles(orders{}); }
std::span<const gemm_handle> result_handles() { return handles(results{}); }

}  // namespace

TEST_CASE("sm100, FP8: scales of every granularity") { expect_exact_everywhere(granularity_handles()); }
TEST_CASE("sm100, FP8: scales that hold for all of K") { expect_exact_everywhere(end_handles()); }
TEST_CASE("sm100, FP8: orders of operands") { expect_exact_everywhere(order_handles()); }
TEST_CASE("sm100, FP8: C, steps, heads") { expect_exact_everywhere(result_handles(), 2); }

TEST_CASE("sm100, FP8: random data, on machines of every policy") {
    for (const auto kernels : {granularity_handles(), end_handles(), order_handles()}) expect_close(kernels);
}

TEST_CASE("sm100, FP8: the smallest and the largest scales meet") {
    gemm_sample p(granularity_handles()[0].info, {130, 70, 200}, 3, numbers::exact, {.extreme_scales = true});
    CHECK(run_kernel(granularity_handles()[0], p) == "");
}

TEST_CASE("sm100, FP8: a scale that is NaN reaches its row or column and no other") {
    const gemm_handle& kernel = granularity_handles()[0];
    gemm_sample sample(kernel.info, {100, 60, 256}, fresh_seed());
    sample.a().words[3] |= 0x00ff0000u;                                                 // row 3, elements 64 to 95 of K
    sample.b().words[std::size_t(sample.b().view.scale.stride_k + 41)] |= 0xff000000u;  // column 41, the last ones
    REQUIRE(run_kernel(kernel, sample) != "");  // the reference still has what they were before
    const auto d = sample.d().view<const bf16>();
    for (i64 row = 0; row < 100; ++row) {
        for (i64 column = 0; column < 60; ++column) {
            const float got = float(d(row, column));
            if (row == 3 || column == 41) {
                CHECK(std::isnan(got));
            } else {
                CHECK(got == float(bf16::from_float(float(sample.expected().value(row, column)))));
            }
        }
    }
}

}  // namespace sm100_fp8_tests
