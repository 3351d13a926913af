// SPDX-License-Identifier: MIT
// A tile is as wide as one multiply, which has 8 to 256 columns in steps of 8.
// expect: gemm: block.n must be a multiple of 8 from 8 to 256, or of 16 if two CTAs multiply together
#include <deepgemm/kernel/sm100_gemm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 256, 64}}>;
#else
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 264, 64}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
