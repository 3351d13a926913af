// SPDX-License-Identifier: MIT
// A staging buffer is one swizzle span wide, at most 128 bytes, and a tile consists of a whole number of them.
// expect: gemm: store_columns must divide block.n and fill at most 128 bytes
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
#ifdef CORRECT
using kernel =
    dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, dg::config{.block = {128, 128, 128}, .store_columns = 32}>;
#else
using kernel =
    dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, dg::config{.block = {128, 128, 128}, .store_columns = 128}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
