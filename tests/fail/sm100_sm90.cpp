// SPDX-License-Identifier: MIT
// Warpgroups that multiply and promote are those of Hopper.
// expect: gemm: config.sm90 is Hopper's
#include <deepgemm/kernel/sm100_gemm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}}>;
#else
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}, .sm90 = {.warpgroups = 1}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
