// SPDX-License-Identifier: MIT
// Split K on Blackwell: the CTAs of a cluster share the K blocks of a tile, and their totals meet in one of them. All kinds of
// multiply, formats of scales, orders of operands and results. Exact data must come out bit by bit.
#include <doctest/doctest.h>

#include <deepgemm/epilogue/alpha.cuh>
#include <deepgemm/epilogue/bias.cuh>
#include <deepgemm/epilogue/cast.cuh>
#include <deepgemm/epilogue/swiglu.cuh>

#include "sm100_split.hpp"

namespace sm100_split_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using scale::cast_scales;
constexpr config parts_of(int parts, int n, int k, int stages = 2, int accumulators = 2) {
    return {.block = {128, n, k}, .stages = stages, .split_k = parts, .sm100 = {.accumulators = accumulators}};
}

template <class T, major Order = major::k>
using plain = operand<T, scale::none, Order>;
template <major Order = major::k>
using by_32 = operand<e4m3, scale::mx<scale::ue8m0>, Order>;
template <major Order = major::k>
using by_128 = operand<e4m3, scale::per_token<scale::ue8m0>, Order>;
using by_block = operand<e4m3, scale::per_block<scale::ue8m0>>;
template <major Order = major::k>
using mx4 = operand<e2m1, scale::mx<scale::ue8m0>, Order>;
using nv4 = operand<e2m1, scale::nv<scale::ue4m3>>;

template <class A, class B, class Epilogue, config Config>
using kernel_of = gemm<arch::sm100, A, B, Epilogue, Config>;

using unscaled = shipped::kernels<
    kernel_of<plain<bf16>, plain<bf16>, store<bf16>, parts_of(2, 64, 64, 3)>,
    kernel_of<plain<bf16, major::mn>, plain<bf16, major::mn>, store<float>, parts_of(3, 128, 64, 2, 3)>,
    kernel_of<plain<f16>, plain<f16, major::mn>, accumulate<f16>, parts_of(4, 256, 64)>,
    kernel_of<plain<tf32>, plain<tf32>, store<float>, parts_of(5, 64, 32)>,
    kernel_of<plain<e4m3>, plain<e5m2>, store<bf16>, parts_of(8, 96, 128)>,
    kernel_of<operand<e4m3, scale::per_row<scale::fp32>>, plain<e4m3>, accumulate<bf16>, parts_of(4, 64, 128)>>;
using scaled =
    shipped::kernels<kernel_of<by_32<>, by_128<>, store<bf16>, parts_of(2, 192, 128)>,
                     kernel_of<by_128<>, by_block, store<float>, parts_of(8, 32, 128)>,
                     kernel_of<by_128<major::mn>, by_32<major::mn>, accumulate<float>, parts_of(2, 128, 128)>,
                     kernel_of<mx4<>, mx4<>, store<bf16>, parts_of(3, 64, 256)>,
                     kernel_of<nv4, nv4, accumulate<float>, parts_of(4, 128, 256)>,
                     kernel_of<by_128<>, mx4<major::mn>, store<bf16>, parts_of(2, 128, 128)>>;
using results = shipped::kernels<
    kernel_of<plain<bf16>, plain<bf16>, accumulate<bf16>, parts_of(3, 160, 64)>,
    kernel_of<plain<bf16>, plain<bf16>, then<alpha, bias<float>, store<bf16>>, parts_of(4, 64, 64)>,
    kernel_of<plain<bf16>, plain<bf16>, add_in_place, parts_of(6, 128, 64)>,
    kernel_of<plain<bf16>, plain<bf16>, cast_to_fp8<128, cast_scales::packed, bf16>, parts_of(2, 256, 64)>,
    kernel_of<plain<bf16>, plain<bf16>, then<swiglu<>, store<bf16>>, parts_of(2, 128, 64)>,
    kernel_of<by_128<>, by_block, store_heads<bf16, 128, 64, 128>, parts_of(4, 128, 128)>>;

std::span<const gemm_handle> unscaled_handles() { return handles(unscaled{}); }
std::span<const gemm_handle> scaled_handles() { return handles(scaled{}); }
std::span<const gemm_handle> result_handles() { return handles(results{}); }

}  // namespace

TEST_CASE("sm100, K in parts: operands without scales") { expect_exact_parts(unscaled_handles()); }
TEST_CASE("sm100, K in parts: operands with scales") { expect_exact_parts(scaled_handles()); }
TEST_CASE("sm100, K in parts: C, steps and results are those of one CTA") { expect_exact_parts(result_handles()); }
TEST_CASE("sm100, K in parts: random data, on machines of every policy") {
    for (const auto kernels : {unscaled_handles(), scaled_handles(), result_handles()}) expect_close(kernels);
}

}  // namespace sm100_split_tests
