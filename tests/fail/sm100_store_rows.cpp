// SPDX-License-Identifier: MIT
// Staging buffers hold the rows of a warp, or of a warpgroup.
// expect: gemm: store_rows must be 32 (a warp's), 128 (a warpgroup's), or 0 to choose
#include <deepgemm/kernel/sm100_gemm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}, .store_rows = 128}>;
#else
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}, .store_rows = 64}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
