// SPDX-License-Identifier: MIT
// A staging buffer belongs to a warp or to a warpgroup.
// expect: gemm: store_rows must be 16 (a warp's), 64 (a warpgroup's), or 0 to choose by D's type
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
#ifdef CORRECT
using kernel =
    dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, dg::config{.block = {128, 128, 128}, .store_rows = 64}>;
#else
using kernel =
    dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, dg::config{.block = {128, 128, 128}, .store_rows = 32}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
