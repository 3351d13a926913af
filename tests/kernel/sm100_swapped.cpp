// SPDX-License-Identifier: MIT
// Operands that change places on Blackwell: rows of B are the 128 lanes of tensor memory, tokens are columns of the multiply,
// of which 8 to 240 make a tile, and D leaves transposed; by one CTA, by clusters and by pairs. Exact data must come out bit by
// bit.
#include <doctest/doctest.h>

#include <deepgemm/kernel/swapped.cuh>

#include "sm100_runs.hpp"

namespace sm100_swapped_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

constexpr config tokens(int m, int k, int stages = 0, cluster_shape cluster = {}, int ctas = 1) {
    return {.block = {m, 128, k}, .stages = stages, .cluster = cluster, .swap = true, .sm100 = {.ctas = ctas}};
}

template <class T, major Order = major::k>
using plain = operand<T, scale::none, Order>;
using by_32 = operand<e4m3, scale::mx<scale::ue8m0>>;
using by_128 = operand<e4m3, scale::per_token<scale::ue8m0>>;
using by_row = operand<e4m3, scale::per_row<scale::fp32>>;
template <major Order = major::k>
using by_block = operand<e4m3, scale::per_block<scale::ue8m0>, Order>;

template <class A, class B, class Epilogue, config Config>
using kernel_of = gemm<arch::sm100, A, B, Epilogue, Config>;

using few = shipped::kernels<kernel_of<plain<bf16>, plain<bf16>, store<bf16>, tokens(8, 64, 3)>,
                             kernel_of<plain<f16>, plain<f16, major::mn>, store<float>, tokens(24, 64, 3)>,
                             kernel_of<plain<bf16, major::mn>, plain<bf16>, accumulate<bf16>, tokens(64, 64, 2)>,
                             kernel_of<by_128, by_block<>, store<bf16>, tokens(16, 128, 4)>,
                             kernel_of<by_32, by_32, store<float>, tokens(40, 128, 3)>,
                             kernel_of<by_128, by_block<major::mn>, accumulate<float>, tokens(32, 128, 3)>,
                             kernel_of<by_row, by_row, store<bf16>, tokens(24, 128, 3)>>;
using many = shipped::kernels<kernel_of<by_128, by_block<>, store<bf16>, tokens(240, 128)>,
                              kernel_of<by_32, by_128, accumulate<bf16>, tokens(200, 128, 3)>,
                              kernel_of<plain<bf16>, plain<bf16>, accumulate<float>, tokens(112, 64, 2)>,
                              kernel_of<plain<bf16>, plain<bf16>, store<bf16>, tokens(256, 64)>>;
using together =
    shipped::kernels<kernel_of<by_128, by_block<>, store<bf16>, tokens(16, 128, 3, {1, 2}, 2)>,
                     kernel_of<by_128, by_128, store<bf16>, tokens(224, 128, 0, {1, 2}, 2)>,
                     kernel_of<plain<bf16>, plain<bf16, major::mn>, accumulate<bf16>, tokens(48, 64, 3, {1, 2}, 2)>,
                     kernel_of<plain<bf16>, plain<bf16>, store<float>, tokens(32, 64, 3, {2, 1})>,
                     kernel_of<by_32, by_32, store<bf16>, tokens(32, 128, 3, {1, 2})>>;

std::span<const gemm_handle> few_handles() { return handles(few{}); }
std::span<const gemm_handle> many_handles() { return handles(many{}); }
std::span<const gemm_handle> together_handles() { return handles(together{}); }

}  // namespace

TEST_CASE("sm100, swapped: few tokens") { expect_exact_everywhere(few_handles()); }
TEST_CASE("sm100, swapped: many tokens") { expect_exact_everywhere(many_handles(), 2); }
TEST_CASE("sm100, swapped: pairs and clusters") { expect_exact_everywhere(together_handles()); }
TEST_CASE("sm100, swapped: random data, on machines of every policy") {
    for (const auto kernels : {few_handles(), many_handles(), together_handles()}) expect_close(kernels);
}

}  // namespace sm100_swapped_tests
