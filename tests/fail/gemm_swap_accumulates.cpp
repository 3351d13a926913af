// SPDX-License-Identifier: MIT
// Groups store D by threads, row by row, and TMA would have to fetch C.
// expect: gemm: config.swap accumulates in single products, not in groups
#include <deepgemm/kernel/swapped.cuh>
#include <deepgemm/schedule/grouped.cuh>

namespace dg = deepgemm;

using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
constexpr dg::config few{.block = {8, 64, 128}, .swap = true, .sm90 = {.warpgroups = 1}};
using groups = dg::grouped<few.block, dg::cluster_shape{}, dg::masked_groups>;
#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, few, groups>;
#else
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::accumulate<dg::bf16>, few, groups>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
