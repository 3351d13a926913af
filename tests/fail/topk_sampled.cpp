// SPDX-License-Identifier: MIT
// A sample that is too thin says nothing.
// expect: topk: sampled must be from 1 to 64
#include <deepgemm/kernel/topk.cuh>

using namespace deepgemm;

#ifdef CORRECT
using kernel_here = topk_selector<arch::sm90, topk_traits{}, topk_config{.sampled = 64}>;
#else
using kernel_here = topk_selector<arch::sm90, topk_traits{}, topk_config{.sampled = 65}>;
#endif
constexpr auto threads = kernel_here::launch.threads;
