// SPDX-License-Identifier: MIT
// A row of a tile is as wide as the swizzle, 128 bytes.
// expect: gemm: block.k must be a row of 128 bytes in shared memory
#include <deepgemm/kernel/sm100_gemm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}}>;
#else
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 128}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
