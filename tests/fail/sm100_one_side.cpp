// SPDX-License-Identifier: MIT
// The multiply scales both operands or none.
// expect: sm100: the multiply scales both operands or none, and both by scale::ue8m0 or both by scale::ue4m3
#include <deepgemm/kernel/sm100_gemm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::e4m3, dg::scale::mx<dg::scale::ue8m0>>,
                        dg::operand<dg::e4m3, dg::scale::mx<dg::scale::ue8m0>>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 128}}>;
#else
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::e4m3, dg::scale::mx<dg::scale::ue8m0>>, dg::operand<dg::e4m3>,
                        dg::store<dg::bf16>, dg::config{.block = {128, 64, 128}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
