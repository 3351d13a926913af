// SPDX-License-Identifier: MIT
// CTAs that share tiles by multicast have the same K blocks, and parts have others.
// expect: gemm: CTAs that split K share no tiles: config.cluster must be {1, 1}, or that of a pair
#include <deepgemm/kernel/sm100_gemm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}, .split_k = 2}>;
#else
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}, .cluster = {2, 1}, .split_k = 2}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
