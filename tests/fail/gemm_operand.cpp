// SPDX-License-Identifier: MIT
// An element type is no operand; an operand is an element type with its scales.
// expect: gemm: A must be an operand: operand<e4m3, scale::per_token<scale::fp32>>, say
// expect: has_element
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, dg::config{.block = {128, 128, 128}, .stages = 4}>;
#else
using kernel =
    dg::gemm<dg::arch::sm90, dg::e4m3, b, dg::store<dg::bf16>, dg::config{.block = {128, 128, 128}, .stages = 4}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
