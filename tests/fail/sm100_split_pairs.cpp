// SPDX-License-Identifier: MIT
// A portable cluster has at most eight CTAs, and each part here is a pair.
// expect: gemm: the parts of K are CTAs or pairs of one cluster: split_k * sm100.ctas must be at most 8
#include <deepgemm/kernel/sm100_gemm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}, .cluster = {2, 1}, .split_k = 4, .sm100 = {.ctas = 2}}>;
#else
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}, .cluster = {2, 1}, .split_k = 5, .sm100 = {.ctas = 2}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
