// SPDX-License-Identifier: MIT
// Without promotion there are no partial sums that parts of the columns could share registers for.
// expect: gemm: without scales along K a multiply covers all columns of a tile; sm90.column_parts must be 1
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using half = dg::operand<dg::bf16>;
#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm90, half, half, dg::store<dg::bf16>,
                        dg::config{.block = {128, 256, 64}, .sm90 = {.promote = dg::promotion::never}}>;
#else
using kernel =
    dg::gemm<dg::arch::sm90, half, half, dg::store<dg::bf16>,
             dg::config{.block = {128, 256, 64}, .sm90 = {.promote = dg::promotion::never, .column_parts = 2}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
