// SPDX-License-Identifier: MIT
// A stage holds one 128-byte row of FP8 for each row of a tile: 128 elements of K, which one scale covers.
// expect: gemm: block.k must be 128: one 128-byte row of FP8
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, dg::config{.block = {128, 128, 128}, .stages = 4}>;
#else
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, dg::config{.block = {128, 128, 64}, .stages = 4}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
