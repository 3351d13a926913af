// SPDX-License-Identifier: MIT
// Accumulators and scales share 512 columns of tensor memory.
// expect: gemm: accumulators and scales of this tile need more than the 512 columns of tensor memory
#include <deepgemm/kernel/sm100_gemm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::e4m3, dg::scale::mx<dg::scale::ue8m0>>,
                        dg::operand<dg::e4m3, dg::scale::mx<dg::scale::ue8m0>>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 240, 128}}>;
#else
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::e4m3, dg::scale::mx<dg::scale::ue8m0>>,
                        dg::operand<dg::e4m3, dg::scale::mx<dg::scale::ue8m0>>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 256, 128}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
