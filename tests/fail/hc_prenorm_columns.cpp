// SPDX-License-Identifier: MIT
// A multiply has 8 columns or a multiple of them.
// expect: hc_prenorm: block.n must be a multiple of 8 from 8 to 128
#include <deepgemm/kernel/hc_prenorm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::hc_prenorm<dg::arch::sm90, dg::hc_prenorm_config{.block = {64, 16, 64}}>;
#else
using kernel = dg::hc_prenorm<dg::arch::sm90, dg::hc_prenorm_config{.block = {64, 12, 64}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
