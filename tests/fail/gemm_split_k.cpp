// SPDX-License-Identifier: MIT
// The parts of K are the CTAs of one cluster, and a portable cluster has at most eight.
// expect: gemm: split_k must be from 1 to 8
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>,
                        dg::config{.block = {64, 32, 128}, .split_k = 8, .sm90 = {.warpgroups = 1}}>;
#else
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>,
                        dg::config{.block = {64, 32, 128}, .split_k = 9, .sm90 = {.warpgroups = 1}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
