// SPDX-License-Identifier: MIT
// A warp reaches a quarter of the lanes of tensor memory.
// expect: gemm: sm100.epilogue_warps must be 4, one for each quarter of tensor memory
#include <deepgemm/kernel/sm100_gemm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}}>;
#else
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}, .sm100 = {.epilogue_warps = 8}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
