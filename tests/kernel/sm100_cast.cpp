// SPDX-License-Identifier: MIT
// Epilogues on Blackwell whose steps need several columns at once: D in FP8 with scales of 32 or 128 columns, gated
// activations. A thread holds a whole row there. Elements and scales of D equal those that the reference makes of the exact
// result.
#include <doctest/doctest.h>

#include <deepgemm/epilogue/alpha.cuh>
#include <deepgemm/epilogue/cast.cuh>
#include <deepgemm/epilogue/swiglu.cuh>

#include "sm100_runs.hpp"

namespace sm100_cast_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using scale::cast_scales;
using half = operand<bf16>;
using by_128 = operand<e4m3, scale::per_token<scale::ue8m0>>;
using by_block = operand<e4m3, scale::per_block<scale::ue8m0>>;

constexpr config one{.block = {128, 128, 64}, .stages = 3};
constexpr config narrow{.block = {128, 32, 64}, .stages = 2, .store_rows = 128};
constexpr config wide{.block = {128, 256, 64}, .stages = 2};
constexpr config scaled{.block = {128, 128, 128}, .stages = 3};
constexpr config together{.block = {128, 128, 128}, .stages = 3, .cluster = {2, 1}, .sm100 = {.ctas = 2}};

template <class A, class B, class Epilogue, config Config>
using kernel_of = gemm<arch::sm100, A, B, Epilogue, Config>;

using casts = shipped::kernels<kernel_of<half, half, cast_to_fp8<128, cast_scales::fp32>, one>,
                               kernel_of<half, half, cast_to_fp8<128, cast_scales::packed, bf16>, wide>,
                               kernel_of<half, half, cast_to_fp8<32, cast_scales::packed>, narrow>,
                               kernel_of<half, half, cast_to_fp8<32, cast_scales::power_of_two>, wide>,
                               kernel_of<by_128, by_block, then<alpha, cast_to_fp8<128, cast_scales::packed>>, scaled>,
                               kernel_of<by_128, by_128, cast_to_fp8<32, cast_scales::packed, bf16>, together>>;
using gates = shipped::kernels<kernel_of<half, half, then<swiglu<>, store<bf16>>, one>,
                               kernel_of<half, half, then<swiglu<>, store<float>>, wide>,
                               kernel_of<half, half, then<swiglu<>, cast_to_fp8<128, cast_scales::packed, bf16>>, wide>,
                               kernel_of<by_128, by_block, then<swiglu<>, cast_to_fp8<32>>, together>>;

std::span<const gemm_handle> cast_handles() { return handles(casts{}); }
std::span<const gemm_handle> gate_handles() { return handles(gates{}); }

}  // namespace

TEST_CASE("sm100: D in FP8 with scales") { expect_exact_everywhere(cast_handles()); }
TEST_CASE("sm100: gated activations") { expect_exact_everywhere(gate_handles()); }
TEST_CASE("sm100: D in FP8 and gates of random data, on machines of every policy") {
    for (const auto kernels : {cast_handles(), gate_handles()}) expect_close(kernels);
}

}  // namespace sm100_cast_tests
