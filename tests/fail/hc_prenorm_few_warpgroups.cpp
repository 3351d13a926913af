// SPDX-License-Identifier: MIT
// A CTA has at most 16 warps that multiply.
// expect: hc_prenorm: for 16 rows, warpgroups must be from 1 to 4
#include <deepgemm/kernel/hc_prenorm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::hc_prenorm<dg::arch::sm90, dg::hc_prenorm_config{.block = {16, 8, 64}, .warpgroups = 4}>;
#else
using kernel = dg::hc_prenorm<dg::arch::sm90, dg::hc_prenorm_config{.block = {16, 8, 64}, .warpgroups = 5}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
