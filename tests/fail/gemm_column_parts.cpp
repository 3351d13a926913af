// SPDX-License-Identifier: MIT
// Parts of the columns of a tile are promoted one after the other, each with scales of B of its own: 96 columns would share half a
// zone of 64 with the next part.
// expect: gemm: sm90.column_parts, where it is not 1, must divide block.n into parts of whole zones of scales of B: promoted at once, scales by block
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>,
                        dg::config{.block = {128, 256, 128}, .sm90 = {.column_parts = 2}}>;
#else
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>,
                        dg::config{.block = {128, 192, 128}, .sm90 = {.column_parts = 2}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
