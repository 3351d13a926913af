// SPDX-License-Identifier: MIT
// A share of the time is a percentage.
// expect: gemm: sm100.tc_util must be from 1 to 100: a share of the time in percent, 100 without any limit
#include <deepgemm/kernel/sm100_gemm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}, .sm100 = {.tc_util = 60}}>;
#else
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}, .sm100 = {.tc_util = 0}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
