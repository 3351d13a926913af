// SPDX-License-Identifier: MIT
// The rows of four warps meet in several CTAs, so no CTA has a staging buffer full of them.
// expect: gemm: the totals of parts of K meet warp by warp: with split_k, store_rows must be 32, or 0 to choose
#include <deepgemm/kernel/sm100_gemm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}, .split_k = 2, .store_rows = 32}>;
#else
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}, .split_k = 2, .store_rows = 128}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
