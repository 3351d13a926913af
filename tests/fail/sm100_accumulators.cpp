// SPDX-License-Identifier: MIT
// A tile is stored while the next one is multiplied.
// expect: gemm: sm100.accumulators must be at least 2: one is filled while another one is stored
#include <deepgemm/kernel/sm100_gemm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}}>;
#else
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}, .sm100 = {.accumulators = 1}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
