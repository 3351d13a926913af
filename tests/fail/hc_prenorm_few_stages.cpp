// SPDX-License-Identifier: MIT
// Tiles of 16 rows come from memory into registers, without a ring of stages.
// expect: hc_prenorm: for 16 rows there are no stages
#include <deepgemm/kernel/hc_prenorm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::hc_prenorm<dg::arch::sm90, dg::hc_prenorm_config{.block = {16, 8, 64}}>;
#else
using kernel = dg::hc_prenorm<dg::arch::sm90, dg::hc_prenorm_config{.block = {16, 8, 64}, .stages = 4}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
