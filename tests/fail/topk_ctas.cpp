// SPDX-License-Identifier: MIT
// A multiprocessor holds a few CTAs.
// expect: topk: ctas must be from 1 to 3
#include <deepgemm/kernel/topk.cuh>

using namespace deepgemm;

#ifdef CORRECT
using kernel_here = topk_selector<arch::sm90, topk_traits{}, topk_config{.ctas = 1}>;
#else
using kernel_here = topk_selector<arch::sm90, topk_traits{}, topk_config{.ctas = 4}>;
#endif
constexpr auto threads = kernel_here::launch.threads;
