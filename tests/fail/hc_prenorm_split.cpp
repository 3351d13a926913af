// SPDX-License-Identifier: MIT
// The CTAs that share K are one cluster, and a portable cluster has at most eight.
// expect: hc_prenorm: split_k must be from 1 to 8
#include <deepgemm/kernel/hc_prenorm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::hc_prenorm<dg::arch::sm90, dg::hc_prenorm_config{.block = {64, 24, 64}, .split_k = 8}>;
#else
using kernel = dg::hc_prenorm<dg::arch::sm90, dg::hc_prenorm_config{.block = {64, 24, 64}, .split_k = 9}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
