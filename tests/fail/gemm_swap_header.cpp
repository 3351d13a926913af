// SPDX-License-Identifier: MIT
// Without the header that exchanges operands a kernel would say that it swaps, and not do it.
// expect: gemm: config.swap needs the header deepgemm/kernel/swapped.cuh
#ifdef CORRECT
#include <deepgemm/kernel/swapped.cuh>
#else
#include <deepgemm/kernel/gemm.cuh>
#endif

namespace dg = deepgemm;

using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>,
                        dg::config{.block = {64, 64, 128}, .swap = true, .sm90 = {.warpgroups = 1}}>;
constexpr auto size = kernel::launch.smem_bytes;
