// SPDX-License-Identifier: MIT
// A stage holds one 128-byte row for each row of a tile: 64 elements of 16 bits.
// expect: gemm: block.k must be 64: one 128-byte row of 16-bit elements
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using half = dg::operand<dg::bf16>;
#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm90, half, half, dg::store<dg::bf16>,
                        dg::config{.block = {128, 128, 64}, .sm90 = {.promote = dg::promotion::never}}>;
#else
using kernel = dg::gemm<dg::arch::sm90, half, half, dg::store<dg::bf16>,
                        dg::config{.block = {128, 128, 128}, .sm90 = {.promote = dg::promotion::never}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
