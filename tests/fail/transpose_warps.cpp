// SPDX-License-Identifier: MIT
// A CTA has at most 1024 threads.
// expect: transpose: warps must be from 1 to 32
#include <deepgemm/kernel/transpose.cuh>

using namespace deepgemm;

#ifdef CORRECT
using kernel_here = transposer<arch::sm90, transpose_traits{}, transpose_config{.warps = 32}>;
#else
using kernel_here = transposer<arch::sm90, transpose_traits{}, transpose_config{.warps = 33}>;
#endif
constexpr auto threads = kernel_here::launch.threads;
