// SPDX-License-Identifier: MIT
// Pairs of CTAs that multiply together on Blackwell (cta_group 2): each holds its own rows of A and of D, and half of a tile of
// B. Every kind of operand, order and result that a single CTA has. Exact data must come out bit by bit.
#include <doctest/doctest.h>

#include <deepgemm/epilogue/alpha.cuh>

#include "sm100_runs.hpp"

namespace sm100_pairs_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

constexpr config pair_of(int n, int k, int stages = 0, int store_rows = 0) {
    return {.block = {128, n, k}, .stages = stages, .cluster = {2, 1}, .store_rows = store_rows, .sm100 = {.ctas = 2}};
}
constexpr config raster(config made, int rows) {
    made.raster_rows = rows;
    return made;
}

template <class T, major Order = major::k>
using plain = operand<T, scale::none, Order>;
template <class T, major Order = major::k>
using by_32 = operand<T, scale::mx<scale::ue8m0>, Order>;
template <class T, major Order = major::k>
using by_128 = operand<T, scale::per_token<scale::ue8m0>, Order>;
template <class T>
using by_block = operand<T, scale::per_block<scale::ue8m0>>;

template <class A, class B, class Epilogue, config Config>
using kernel_of = gemm<arch::sm100, A, B, Epilogue, Config>;

using pairs = shipped::kernels<
    kernel_of<plain<bf16>, plain<bf16>, store<bf16>, pair_of(64, 64, 3)>,
    kernel_of<plain<bf16, major::mn>, plain<bf16, major::mn>, store<float>, pair_of(128, 64, 2, 128)>,
    kernel_of<plain<f16>, plain<f16, major::mn>, accumulate<f16>, pair_of(256, 64)>,
    kernel_of<plain<e4m3>, plain<e5m2>, store<bf16>, pair_of(96, 128, 4)>,
    kernel_of<by_32<e4m3>, by_128<e4m3>, store<bf16>, raster(pair_of(192, 128, 3), 1)>,
    kernel_of<by_128<e4m3>, by_block<e4m3>, then<alpha, store<float>>, pair_of(224, 128)>,
    kernel_of<by_128<e4m3, major::mn>, by_32<e4m3, major::mn>, accumulate<float>, pair_of(128, 128, 3)>>;

std::span<const gemm_handle> pair_handles() { return handles(pairs{}); }

}  // namespace

TEST_CASE("sm100: pairs of CTAs that multiply together") { expect_exact_everywhere(pair_handles()); }
TEST_CASE("sm100: several pairs") { expect_exact_everywhere(pair_handles(), 6); }
TEST_CASE("sm100: pairs on random data, on machines of every policy") { expect_close(pair_handles()); }

}  // namespace sm100_pairs_tests
