// SPDX-License-Identifier: MIT
// Only two or more warpgroups can alternate.
// expect: gemm: warpgroups that alternate must be at least two
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using half = dg::operand<dg::bf16>;
#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm90, half, half, dg::store<dg::bf16>,
                        dg::config{.block = {64, 128, 64},
                                   .sm90 = {.warpgroups = 2, .alternate = true, .promote = dg::promotion::never}}>;
#else
using kernel = dg::gemm<dg::arch::sm90, half, half, dg::store<dg::bf16>,
                        dg::config{.block = {64, 128, 64},
                                   .sm90 = {.warpgroups = 1, .alternate = true, .promote = dg::promotion::never}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
