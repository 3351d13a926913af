// SPDX-License-Identifier: MIT
// Three warpgroups have a fragment each.
// expect: gemm: sm90.shares_fragment is for groups that end anywhere, with tiles of 256 rows on two warpgroups that promote at once, one scale of B for all columns of a tile, and an epilogue that adds nothing
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/schedule/grouped.cuh>

namespace dg = deepgemm;

using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
#ifdef CORRECT
constexpr dg::config cfg{
    .block = {256, 128, 128}, .store_columns = 64, .store_buffers = 1, .sm90 = {.shares_fragment = true}};
#else
constexpr dg::config cfg{.block = {192, 128, 128}, .sm90 = {.warpgroups = 3, .shares_fragment = true}};
#endif
using kernel =
    dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, cfg, dg::grouped<cfg.block, cfg.cluster, dg::masked_groups>>;
constexpr auto size = kernel::launch.smem_bytes;
