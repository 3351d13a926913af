// SPDX-License-Identifier: MIT
// The kernel is for one architecture.
// expect: topk: the kernel is for Hopper
#include <deepgemm/kernel/topk.cuh>

using namespace deepgemm;

#ifdef CORRECT
using kernel_here = topk_selector<arch::sm90, topk_traits{}>;
#else
using kernel_here = topk_selector<arch::sm100, topk_traits{}>;
#endif
constexpr auto threads = kernel_here::launch.threads;
