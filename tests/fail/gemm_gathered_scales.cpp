// SPDX-License-Identifier: MIT
// The warps that copy have something else to do.
// expect: gemm: the warps that copy gathered rows of A cannot copy K-major scales of B, too
#include <deepgemm/epilogue/scatter.cuh>
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/schedule/grouped.cuh>

namespace dg = deepgemm;

using a = dg::gathered<dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>>;
#ifdef CORRECT
using b = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
#else
using b = dg::operand<dg::e4m3, dg::scale::per_token_k_major<dg::scale::fp32>>;
#endif
constexpr dg::config tiles{.block = {64, 64, 128}, .sm90 = {.warpgroups = 1}};
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, tiles>;
constexpr auto threads = kernel::launch.threads;
