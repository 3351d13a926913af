// SPDX-License-Identifier: MIT
// A tile is staged in four parts, and half of its columns in two.
// expect: gemm: with sm90.shares_fragment, half of the columns of a tile are staged at once: store_columns and store_buffers must hold them
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/schedule/grouped.cuh>

namespace dg = deepgemm;

using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
#ifdef CORRECT
constexpr dg::config cfg{
    .block = {256, 128, 128}, .store_columns = 64, .store_buffers = 1, .sm90 = {.shares_fragment = true}};
#else
constexpr dg::config cfg{
    .block = {256, 128, 128}, .store_columns = 32, .store_buffers = 1, .sm90 = {.shares_fragment = true}};
#endif
using kernel =
    dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, cfg, dg::grouped<cfg.block, cfg.cluster, dg::masked_groups>>;
constexpr auto size = kernel::launch.smem_bytes;
