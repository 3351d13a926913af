// SPDX-License-Identifier: MIT
// Scales change along K, so the tensor core cannot sum over all of K before they are applied.
// expect: gemm: promotion::never is for operands without scales along K; these are promoted at_once or deferred
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>,
                        dg::config{.block = {128, 128, 128}, .sm90 = {.promote = dg::promotion::deferred}}>;
#else
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>,
                        dg::config{.block = {128, 128, 128}, .sm90 = {.promote = dg::promotion::never}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
