// SPDX-License-Identifier: MIT
// The kernel multiplies with wgmma, which only Hopper has.
// expect: hc_prenorm: the kernel is for Hopper
#include <deepgemm/kernel/hc_prenorm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::hc_prenorm<dg::arch::sm90, dg::hc_prenorm_config{.block = {64, 24, 64}}>;
#else
using kernel = dg::hc_prenorm<dg::arch::sm100, dg::hc_prenorm_config{.block = {64, 24, 64}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
