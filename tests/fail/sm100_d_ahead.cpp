// SPDX-License-Identifier: MIT
// Nothing brings D to L2 ahead.
// expect: gemm: config.d_ahead is Hopper's
#include <deepgemm/kernel/sm100_gemm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::add_in_place,
                        dg::config{.block = {128, 64, 64}}>;
#else
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::add_in_place,
                        dg::config{.block = {128, 64, 64}, .d_ahead = true}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
