// SPDX-License-Identifier: MIT
// The kernel of Blackwell on FP4 and on TF32. FP4 on both sides has kinds of multiply of its own, with a scale in UE8M0 for each 32
// elements of K or in UE4M3 for each 16. Exact data must come out bit by bit.
#include <doctest/doctest.h>

#include <deepgemm/epilogue/alpha.cuh>
#include <deepgemm/kernel/swapped.cuh>

#include "sm100_runs.hpp"

namespace sm100_small_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using mx4 = operand<e2m1, scale::mx<scale::ue8m0>>;
using nv4 = operand<e2m1, scale::nv<scale::ue4m3>>;
template <major Order = major::k>
using single = operand<tf32, scale::none, Order>;

constexpr config of_k(int n, int k, int stages = 3, int ctas = 1) {
    return {.block = {128, n, k}, .stages = stages, .cluster = {ctas, 1}, .sm100 = {.ctas = ctas}};
}
constexpr config tokens(int m, int k, int ctas = 1) {
    return {.block = {m, 128, k}, .stages = 3, .cluster = {1, ctas}, .swap = true, .sm100 = {.ctas = ctas}};
}

template <class A, class B, class Epilogue, config Config>
using kernel_of = gemm<arch::sm100, A, B, Epilogue, Config>;

using packed = shipped::kernels<
    kernel_of<mx4, mx4, store<bf16>, of_k(64, 256)>, kernel_of<nv4, nv4, store<float>, of_k(128, 256)>,
    kernel_of<mx4, mx4, accumulate<float>, of_k(224, 256, 2)>,
    kernel_of<nv4, nv4, then<alpha, store<bf16>>, of_k(208, 256, 2)>,
    kernel_of<mx4, mx4, store<bf16>, of_k(192, 256, 2, 2)>, kernel_of<nv4, nv4, accumulate<bf16>, of_k(160, 256, 3, 2)>,
    kernel_of<mx4, mx4, store<bf16>, tokens(24, 256)>, kernel_of<nv4, nv4, store<bf16>, tokens(176, 256, 2)>>;
using singles = shipped::kernels<kernel_of<single<>, single<>, store<float>, of_k(64, 32)>,
                                 kernel_of<single<major::mn>, single<major::mn>, store<bf16>, of_k(128, 32)>,
                                 kernel_of<single<>, single<major::mn>, accumulate<float>, of_k(256, 32, 2, 2)>,
                                 kernel_of<single<>, single<>, store<float>, tokens(16, 32)>>;

std::span<const gemm_handle> packed_handles() { return handles(packed{}); }
std::span<const gemm_handle> single_handles() { return handles(singles{}); }

}  // namespace

TEST_CASE("sm100: packed FP4") { expect_exact_everywhere(packed_handles()); }
TEST_CASE("sm100: TF32") { expect_exact_everywhere(single_handles()); }
TEST_CASE("sm100: FP4 and TF32 of random data, on machines of every policy") {
    for (const auto kernels : {packed_handles(), single_handles()}) expect_close(kernels);
}

}  // namespace sm100_small_tests
