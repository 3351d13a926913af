// SPDX-License-Identifier: MIT
// Tensor cores take scales of some formats and sizes.
// expect: sm100: scales must be scale::ue8m0 of 32 or 128 elements of K
#include <deepgemm/kernel/sm100_gemm.cuh>
#include <deepgemm/scale/fp32.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::ue8m0>>,
                        dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::ue8m0>>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 128}}>;
#else
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>,
                        dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 128}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
