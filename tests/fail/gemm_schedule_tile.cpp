// SPDX-License-Identifier: MIT
// The tiles of a schedule must have the size that the configuration says.
// expect: gemm: the schedule's tiles and clusters must be those of the configuration
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
constexpr dg::config tile{.block = {128, 128, 128}};
#ifdef CORRECT
constexpr dg::tile_shape block{128, 128, 128};
#else
constexpr dg::tile_shape block{128, 64, 128};
#endif
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, tile, dg::persistent<block, dg::cluster_shape{}, 8>>;
constexpr auto size = kernel::launch.smem_bytes;
