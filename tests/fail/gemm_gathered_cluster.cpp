// SPDX-License-Identifier: MIT
// Warps of a CTA copy gathered rows to the stages of that CTA.
// expect: gemm: gathered rows of A reach one CTA, so CTAs of a cluster must lie along M
#include <deepgemm/epilogue/scatter.cuh>
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/schedule/grouped.cuh>

namespace dg = deepgemm;

using a = dg::gathered<dg::operand<dg::bf16>>;
#ifdef CORRECT
constexpr dg::cluster_shape pair{2, 1};
#else
constexpr dg::cluster_shape pair{1, 2};
#endif
constexpr dg::config tiles{.block = {128, 128, 64}, .cluster = pair, .sm90 = {.promote = dg::promotion::never}};
using kernel = dg::gemm<dg::arch::sm90, a, dg::operand<dg::bf16>, dg::store<dg::bf16>, tiles>;
constexpr auto threads = kernel::launch.threads;
