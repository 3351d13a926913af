// SPDX-License-Identifier: MIT
// Warpgroups take K blocks in turn; three would not share the stages evenly.
// expect: hc_prenorm: warpgroups must be 1, 2 or 4
#include <deepgemm/kernel/hc_prenorm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::hc_prenorm<dg::arch::sm90, dg::hc_prenorm_config{.block = {64, 24, 64}, .warpgroups = 4}>;
#else
using kernel = dg::hc_prenorm<dg::arch::sm90, dg::hc_prenorm_config{.block = {64, 24, 64}, .warpgroups = 3}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
