// SPDX-License-Identifier: MIT
// CTAs that share a tile each load whole groups of rows of it.
// expect: gemm: each CTA of a cluster must load whole groups of eight rows of a tile, or whole slabs of 128 bytes
#include <deepgemm/kernel/sm100_gemm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 80, 64}, .cluster = {2, 1}}>;
#else
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 72, 64}, .cluster = {2, 1}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
