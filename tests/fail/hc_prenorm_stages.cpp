// SPDX-License-Identifier: MIT
// K blocks in flight: two at least, so that loads and multiplies overlap.
// expect: hc_prenorm: stages must be from 2 to 24, or 0 for as many as fit
#include <deepgemm/kernel/hc_prenorm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::hc_prenorm<dg::arch::sm90, dg::hc_prenorm_config{.block = {64, 24, 64}, .stages = 2}>;
#else
using kernel = dg::hc_prenorm<dg::arch::sm90, dg::hc_prenorm_config{.block = {64, 24, 64}, .stages = 1}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
