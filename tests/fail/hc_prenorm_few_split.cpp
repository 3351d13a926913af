// SPDX-License-Identifier: MIT
// The CTAs that share K are one cluster, and Hopper's clusters have at most sixteen.
// expect: hc_prenorm: for 16 rows, split_k must be from 1 to 16
#include <deepgemm/kernel/hc_prenorm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::hc_prenorm<dg::arch::sm90, dg::hc_prenorm_config{.block = {16, 8, 64}, .split_k = 16}>;
#else
using kernel = dg::hc_prenorm<dg::arch::sm90, dg::hc_prenorm_config{.block = {16, 8, 64}, .split_k = 17}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
