// SPDX-License-Identifier: MIT
// The tensor core sums 16-bit products in FP32 over all of K. Nothing is promoted, and the configuration must say so.
// expect: gemm: without scales nothing is promoted; the configuration must say .sm90 = {.promote = promotion::never}
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using half = dg::operand<dg::bf16>;
#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm90, half, half, dg::store<dg::bf16>,
                        dg::config{.block = {128, 128, 64}, .sm90 = {.promote = dg::promotion::never}}>;
#else
using kernel = dg::gemm<dg::arch::sm90, half, half, dg::store<dg::bf16>, dg::config{.block = {128, 128, 64}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
