// SPDX-License-Identifier: MIT
// Groups that follow each other in one matrix may start at any row. A block of scales may begin before that, in another group.
// expect: gemm: groups that may start at any row of A need scales of single rows
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/schedule/grouped.cuh>

namespace dg = deepgemm;

using by_token = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using by_block = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
#ifdef CORRECT
using a = by_token;
#else
using a = by_block;
#endif
constexpr dg::config tile{.block = {128, 128, 128}};
using groups = dg::grouped<tile.block, tile.cluster, dg::psum_groups>;
using kernel = dg::gemm<dg::arch::sm90, a, by_block, dg::store<dg::bf16>, tile, groups>;
constexpr auto size = kernel::launch.smem_bytes;
