// SPDX-License-Identifier: MIT
// Tensor cores multiply some types only.
// expect: sm100: the elements of an operand must be e4m3, e5m2, e2m1, bf16, f16 or tf32
#include <deepgemm/kernel/sm100_gemm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::tf32>, dg::operand<dg::tf32>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 32}}>;
#else
using kernel = dg::gemm<dg::arch::sm100, dg::operand<float>, dg::operand<float>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 32}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
