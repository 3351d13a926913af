// SPDX-License-Identifier: MIT
// Totals and partial sums of a tile must fit the registers of the threads that hold them.
// expect: gemm: a tile this large does not fit the registers
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, dg::config{.block = {128, 192, 128}}>;
#else
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, dg::config{.block = {128, 200, 128}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
