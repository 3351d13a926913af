// SPDX-License-Identifier: MIT
// Deferred promotion needs a second set of accumulators, for which there are registers only with 64 rows for each warpgroup.
// expect: gemm: deferred promotion needs 64 rows for each math warpgroup
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>,
                        dg::config{.block = {128, 128, 128}, .sm90 = {.promote = dg::promotion::deferred}}>;
#else
using kernel =
    dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>,
             dg::config{.block = {128, 64, 128}, .sm90 = {.warpgroups = 1, .promote = dg::promotion::deferred}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
