// SPDX-License-Identifier: MIT
// A unit is a part of a fragment of 64 rows.
// expect: gemm: sm90.row_unit is for groups that end anywhere, in an A that is contiguous along K: 8, 16 or 32 rows, or 0 for whole fragments
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/schedule/grouped.cuh>

namespace dg = deepgemm;

using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
#ifdef CORRECT
constexpr dg::config cfg{.block = {256, 128, 128}, .sm90 = {.row_unit = 16}};
#else
constexpr dg::config cfg{.block = {256, 128, 128}, .sm90 = {.row_unit = 24}};
#endif
using kernel =
    dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, cfg, dg::grouped<cfg.block, cfg.cluster, dg::masked_groups>>;
constexpr auto size = kernel::launch.smem_bytes;
