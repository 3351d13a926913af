// SPDX-License-Identifier: MIT
// Each math warpgroup multiplies whole fragments of 64 rows.
// expect: gemm: block.m must be at most 256 and a multiple of 64 rows for each math warpgroup, or of 64 rows if they alternate
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, dg::config{.block = {128, 128, 128}, .stages = 4}>;
#else
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, dg::config{.block = {64, 128, 128}, .stages = 4}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
