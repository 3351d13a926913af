// SPDX-License-Identifier: MIT
// A thread has a whole row, which no store of rows by lanes takes.
// expect: gemm: rows are scattered on Hopper only
#include <deepgemm/epilogue/scatter.cuh>
#include <deepgemm/kernel/sm100_gemm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}}>;
#else
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::scatter<dg::bf16>,
                        dg::config{.block = {128, 64, 64}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
