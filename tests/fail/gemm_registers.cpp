// SPDX-License-Identifier: MIT
// Totals and partial sums of a tile must fit the registers of the threads that hold them, beside scales of B for every column.
// expect: gemm: a tile this large does not fit the registers
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using token = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using block = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
template <class B, int N>
using kernel = dg::gemm<dg::arch::sm90, token, B, dg::store<dg::bf16>,
                        dg::config{.block = {192, N, 128}, .sm90 = {.warpgroups = 3}}>;
constexpr auto by_block = kernel<block, 128>::launch.smem_bytes;
#ifdef CORRECT
constexpr auto by_token = kernel<token, 120>::launch.smem_bytes;
#else
constexpr auto by_token = kernel<token, 128>::launch.smem_bytes;
#endif
