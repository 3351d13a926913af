// SPDX-License-Identifier: MIT
// Where four scales share a word, groups of K begin with words of their own, which their policy must count.
// expect: gemm: groups of K whose scales are packed need a policy with_packed_scales<...>, and packed scales of both operands
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/schedule/grouped.cuh>

namespace dg = deepgemm;

using x = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::ue8m0>>;
#ifdef CORRECT
using groups = dg::with_packed_scales<dg::k_groups>;
#else
using groups = dg::k_groups;
#endif
inline constexpr dg::config tile{.block = {128, 64, 128}};
using kernel = dg::gemm<dg::arch::sm90, x, x, dg::store<float>, tile,
                        dg::grouped<tile.block, tile.cluster, groups, tile.raster_rows>>;
constexpr auto size = kernel::launch.smem_bytes;
