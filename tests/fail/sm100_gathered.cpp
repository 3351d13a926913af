// SPDX-License-Identifier: MIT
// No role gathers rows.
// expect: gemm: rows are gathered on Hopper only
#include <deepgemm/kernel/sm100_gemm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}}>;
#else
using kernel = dg::gemm<dg::arch::sm100, dg::gathered<dg::operand<dg::bf16>>, dg::operand<dg::bf16>,
                        dg::store<dg::bf16>, dg::config{.block = {128, 64, 64}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
