// SPDX-License-Identifier: MIT
// Parts of K that a caller adds are each computed by one CTA.
// expect: hc_prenorm: K is split by clusters or into the caller's parts, not by both
#include <deepgemm/kernel/hc_prenorm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::hc_prenorm<dg::arch::sm90, dg::hc_prenorm_config{.block = {64, 24, 64}}, dg::partial_sums::apart>;
#else
using kernel =
    dg::hc_prenorm<dg::arch::sm90, dg::hc_prenorm_config{.block = {64, 24, 64}, .split_k = 2}, dg::partial_sums::apart>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
