// SPDX-License-Identifier: MIT
// A warpgroup multiplies 64 rows, and a swizzled row of BF16 has 64 elements of K.
// expect: hc_prenorm: block.m must be 64 or 16, and block.k 64
#include <deepgemm/kernel/hc_prenorm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::hc_prenorm<dg::arch::sm90, dg::hc_prenorm_config{.block = {64, 24, 64}}>;
#else
using kernel = dg::hc_prenorm<dg::arch::sm90, dg::hc_prenorm_config{.block = {128, 24, 64}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
