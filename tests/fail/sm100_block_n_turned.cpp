// SPDX-License-Identifier: MIT
// The tensor core reads bytes that are contiguous along N sixteen at a time.
// expect: gemm: with FP8 contiguous along N, block.n must be a multiple of 16, or of 32 if two CTAs multiply together
#include <deepgemm/kernel/sm100_gemm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::e4m3, dg::scale::mx<dg::scale::ue8m0>>,
                        dg::operand<dg::e4m3, dg::scale::mx<dg::scale::ue8m0>, dg::major::mn>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 128}}>;
#else
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::e4m3, dg::scale::mx<dg::scale::ue8m0>>,
                        dg::operand<dg::e4m3, dg::scale::mx<dg::scale::ue8m0>, dg::major::mn>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 24, 128}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
