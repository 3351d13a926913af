// SPDX-License-Identifier: MIT
// A program for Blackwell includes its kernel; that of Hopper would not run there.
// expect: gemm: kernels for arch::sm100 need the header deepgemm/kernel/sm100_gemm.cuh
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm90, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}, .sm90 = {.promote = dg::promotion::never}}>;
#else
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}, .sm90 = {.promote = dg::promotion::never}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
