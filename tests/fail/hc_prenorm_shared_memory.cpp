// SPDX-License-Identifier: MIT
// Stages and the sums of a cluster share the memory of a CTA.
// expect: hc_prenorm: the stages need more than 232448 bytes of shared memory
#include <deepgemm/kernel/hc_prenorm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::hc_prenorm<dg::arch::sm90, dg::hc_prenorm_config{.block = {64, 128, 64}, .stages = 3, .split_k = 4}>;
#else
using kernel = dg::hc_prenorm<dg::arch::sm90, dg::hc_prenorm_config{.block = {64, 128, 64}, .stages = 3, .split_k = 8}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
