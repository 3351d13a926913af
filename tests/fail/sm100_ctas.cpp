// SPDX-License-Identifier: MIT
// Tensor cores of one CTA, or of two, multiply together.
// expect: gemm: sm100.ctas must be 1, or 2 for pairs of CTAs that multiply together
#include <deepgemm/kernel/sm100_gemm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}, .cluster = {2, 1}, .sm100 = {.ctas = 2}}>;
#else
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}, .cluster = {2, 1}, .sm100 = {.ctas = 4}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
