// SPDX-License-Identifier: MIT
// Matrices of B stay where tiles that follow each other have the same rows of B.
// expect: gemm: config.keeps_b is for the schedule columnwise<...>, which needs it, and for operands without scales
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/schedule/columnwise.cuh>
#include <deepgemm/schedule/grouped.cuh>

namespace dg = deepgemm;

constexpr dg::config tile{
    .block = {64, 64, 64}, .keeps_b = true, .sm90 = {.warpgroups = 1, .promote = dg::promotion::never}};
#ifdef CORRECT
using tiles = dg::columnwise<tile.block, tile.cluster>;
#else
using tiles = dg::grouped<tile.block, tile.cluster, dg::uniform_groups>;
#endif
using kernel = dg::gemm<dg::arch::sm90, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>, tile, tiles>;
constexpr auto size = kernel::launch.smem_bytes;
