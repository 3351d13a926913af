// SPDX-License-Identifier: MIT
// Tiles of 16 rows are multiplied by single warps, in whose registers 32 columns fit.
// expect: hc_prenorm: for 16 rows, block.n must be 8, 16, 24 or 32
#include <deepgemm/kernel/hc_prenorm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::hc_prenorm<dg::arch::sm90, dg::hc_prenorm_config{.block = {16, 32, 64}}>;
#else
using kernel = dg::hc_prenorm<dg::arch::sm90, dg::hc_prenorm_config{.block = {16, 40, 64}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
