// SPDX-License-Identifier: MIT
// Elements of 16 bits have the range that they need.
// expect: sm100: only e4m3, e5m2 and e2m1 are scaled, others take scale::none
#include <deepgemm/kernel/sm100_gemm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}}>;
#else
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16, dg::scale::mx<dg::scale::ue8m0>>, dg::operand<dg::bf16>,
                        dg::store<dg::bf16>, dg::config{.block = {128, 64, 64}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
