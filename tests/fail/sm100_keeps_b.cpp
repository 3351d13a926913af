// SPDX-License-Identifier: MIT
// Kernels of Blackwell load every K block.
// expect: gemm: config.keeps_b is Hopper's
#include <deepgemm/kernel/sm100_gemm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}}>;
#else
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}, .keeps_b = true}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
