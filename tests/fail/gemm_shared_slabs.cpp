// SPDX-License-Identifier: MIT
// TMA copies an operand that is contiguous along M or N in slabs of 64 or of 32 rows. Each CTA of a cluster must load whole
// slabs. expect: or of 64 rows (32 where the tile is no multiple of 64) of an operand that is contiguous along M or N
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using half = dg::operand<dg::bf16>;
using columns = dg::operand<dg::bf16, dg::scale::none, dg::major::mn>;
#ifdef CORRECT
using kernel =
    dg::gemm<dg::arch::sm90, half, columns, dg::store<dg::bf16>,
             dg::config{.block = {128, 128, 64}, .cluster = {2, 1}, .sm90 = {.promote = dg::promotion::never}}>;
#else
using kernel =
    dg::gemm<dg::arch::sm90, half, columns, dg::store<dg::bf16>,
             dg::config{.block = {128, 64, 64}, .cluster = {2, 1}, .sm90 = {.promote = dg::promotion::never}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
