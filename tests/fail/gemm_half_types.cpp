// SPDX-License-Identifier: MIT
// The tensor core multiplies BF16 by BF16 and FP16 by FP16.
// expect: gemm: A and B without scales must be of one type, both bf16 or both f16
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using half = dg::operand<dg::bf16>;
#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm90, half, half, dg::store<dg::bf16>,
                        dg::config{.block = {128, 128, 64}, .promote = dg::promotion::never}>;
#else
using kernel = dg::gemm<dg::arch::sm90, half, dg::operand<dg::f16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 128, 64}, .promote = dg::promotion::never}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
