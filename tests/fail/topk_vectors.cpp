// SPDX-License-Identifier: MIT
// A thread has a bit of a word for each element that it loads.
// expect: topk: vectors must be from 1 to 4
#include <deepgemm/kernel/topk.cuh>

using namespace deepgemm;

#ifdef CORRECT
using kernel_here = topk_selector<arch::sm90, topk_traits{}, topk_config{.vectors = 1}>;
#else
using kernel_here = topk_selector<arch::sm90, topk_traits{}, topk_config{.vectors = 5}>;
#endif
constexpr auto threads = kernel_here::launch.threads;
