// SPDX-License-Identifier: MIT
// Warps that copy K-major scales would have to know where the words of each group begin.
// expect: gemm: packed scales of groups of K are those of single rows, MN-major, which TMA copies to stages
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/schedule/grouped.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::ue8m0>>;
#else
using a = dg::operand<dg::e4m3, dg::scale::per_token_k_major<dg::scale::ue8m0>>;
#endif
using b = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::ue8m0>>;
inline constexpr dg::config tile{.block = {128, 64, 128}};
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<float>, tile,
                        dg::grouped<tile.block, tile.cluster, dg::with_packed_scales<dg::k_groups>, tile.raster_rows>>;
constexpr auto size = kernel::launch.smem_bytes;
