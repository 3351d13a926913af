// SPDX-License-Identifier: MIT
// Each warpgroup has a ring of its own, of two stages at least.
// expect: hc_prenorm: stages must be a multiple of warpgroups, at least two for each
#include <deepgemm/kernel/hc_prenorm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel =
    dg::hc_prenorm<dg::arch::sm90, dg::hc_prenorm_config{.block = {64, 24, 64}, .stages = 8, .warpgroups = 4}>;
#else
using kernel =
    dg::hc_prenorm<dg::arch::sm90, dg::hc_prenorm_config{.block = {64, 24, 64}, .stages = 6, .warpgroups = 4}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
