// SPDX-License-Identifier: MIT
// A schedule hands out tiles, is made from a problem and counts clusters; a raster is only an order.
// expect: gemm: the schedule must model schedule, as persistent does
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
constexpr dg::config tile{.block = {128, 128, 128}};
#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, tile, dg::default_tiles<tile>>;
#else
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, tile, dg::banded_raster>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
