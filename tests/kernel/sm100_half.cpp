// SPDX-License-Identifier: MIT
// The kernel of Blackwell on BF16 and FP16: every order of operands, every type of D, C added in both ways, clusters that share
// tiles and pairs that multiply together; tails in each dimension, K of nothing and K beyond the ring of stages, several tiles
// for each CTA. Exact data must come out bit by bit.
#include <doctest/doctest.h>

#include <deepgemm/epilogue/activation.cuh>
#include <deepgemm/epilogue/alpha.cuh>
#include <deepgemm/epilogue/bias.cuh>

#include "sm100_runs.hpp"

namespace sm100_half_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

constexpr config small{.block = {128, 32, 64}, .stages = 3};
constexpr config wide{.block = {128, 256, 64}, .stages = 2, .store_columns = 32, .store_buffers = 1};
constexpr config together{.block = {128, 96, 64}, .stages = 2, .raster_rows = 1, .store_rows = 128};
constexpr config four{.block = {128, 64, 64}, .sm100 = {.accumulators = 4}};

template <class T, major A, major B, class Epilogue, config Config>
using kernel_of = gemm<arch::sm100, operand<T, scale::none, A>, operand<T, scale::none, B>, Epilogue, Config>;

/// Orders of operands with types of D.
using orders = shipped::kernels<
    kernel_of<bf16, major::k, major::k, store<bf16>, small>, kernel_of<bf16, major::k, major::mn, store<float>, four>,
    kernel_of<f16, major::mn, major::k, store<f16>, four>, kernel_of<f16, major::mn, major::mn, store<float>, together>,
    kernel_of<bf16, major::mn, major::mn, store<bf16>, wide>>;
/// Ways to add C.
using sums = shipped::kernels<kernel_of<bf16, major::k, major::k, accumulate<bf16>, together>,
                              kernel_of<bf16, major::mn, major::mn, accumulate<float>, small>,
                              kernel_of<bf16, major::k, major::mn, add_in_place, wide>,
                              kernel_of<f16, major::k, major::k, accumulate<f16>, wide>>;
/// With steps before the store.
using steps = shipped::kernels<kernel_of<bf16, major::k, major::k, then<alpha, bias<float>, store<bf16>>, small>,
                               kernel_of<bf16, major::k, major::k, then<bias<bf16>, relu, store<float>>, together>>;
/// CTAs that share tiles of A, of B and of both.
constexpr config sharing(int m, int n) { return {.block = {128, 64, 64}, .stages = 3, .cluster = {m, n}}; }
using clusters = shipped::kernels<kernel_of<bf16, major::k, major::k, store<bf16>, sharing(2, 1)>,
                                  kernel_of<bf16, major::k, major::mn, store<float>, sharing(1, 2)>,
                                  kernel_of<bf16, major::mn, major::k, store<bf16>, sharing(2, 2)>>;

std::span<const gemm_handle> order_handles() { return handles(orders{}); }
std::span<const gemm_handle> sum_handles() { return handles(sums{}); }
std::span<const gemm_handle> step_handles() { return handles(steps{}); }
std::span<const gemm_handle> cluster_handles() { return handles(clusters{}); }

}  // namespace

TEST_CASE("sm100, 16 bits: orders of operands and types of D") { expect_exact_everywhere(order_handles()); }
TEST_CASE("sm100, 16 bits: C added to totals, or totals to D") { expect_exact_everywhere(sum_handles(), 2); }
TEST_CASE("sm100, 16 bits: steps of an epilogue") { expect_exact_everywhere(step_handles(), 2); }
TEST_CASE("sm100, 16 bits: clusters that share tiles") { expect_exact_everywhere(cluster_handles()); }

TEST_CASE("sm100, 16 bits: random data, on machines of every policy") {
    for (const auto kernels : {order_handles(), sum_handles(), cluster_handles()}) expect_close(kernels);
}

}  // namespace sm100_half_tests
