// SPDX-License-Identifier: MIT
// CTAs that split K load different blocks of K, so they have no tiles to share.
// expect: gemm: CTAs that split K share no tiles, and their warpgroups do not alternate
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>,
                        dg::config{.block = {64, 32, 128}, .split_k = 2, .sm90 = {.warpgroups = 1}}>;
#else
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>,
                        dg::config{.block = {64, 32, 128}, .cluster = {2, 1}, .split_k = 2, .sm90 = {.warpgroups = 1}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
