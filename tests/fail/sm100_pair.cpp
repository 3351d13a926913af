// SPDX-License-Identifier: MIT
// Two CTAs that multiply together have rows of their own and share the columns.
// expect: gemm: CTAs that multiply together are a cluster of two along M: config.cluster must be {2, 1}
#include <deepgemm/kernel/sm100_gemm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}, .cluster = {2, 1}, .sm100 = {.ctas = 2}}>;
#else
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}, .cluster = {1, 2}, .sm100 = {.ctas = 2}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
