// SPDX-License-Identifier: MIT
// A tile is as wide as one multiply, which has 8 to 256 columns in steps of 8.
// expect: gemm: block.n must be a multiple of 8 from 8 to 256
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, dg::config{.block = {128, 128, 128}, .stages = 4}>;
#else
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, dg::config{.block = {128, 264, 128}, .stages = 4}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
