// SPDX-License-Identifier: MIT
// A multicast tile is cut into slices of whole groups of eight rows.
// expect: gemm: each CTA of a cluster must load whole groups of eight rows of a shared tile, or of 64 rows (32 where the tile is no multiple of 64) of an operand that is contiguous along M or N
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, dg::config{.block = {128, 128, 128}, .stages = 4}>;
#else
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>,
                        dg::config{.block = {128, 24, 128}, .stages = 4, .cluster = {2, 1}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
