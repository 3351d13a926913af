// SPDX-License-Identifier: MIT
// The tensor core mixes elements of 8 and 4 bits, but no others.
// expect: sm100: A and B must both be of 8 or 4 bits, or both bf16, both f16 or both tf32
#include <deepgemm/kernel/sm100_gemm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::f16>, dg::operand<dg::f16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}}>;
#else
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::f16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
