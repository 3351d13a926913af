// SPDX-License-Identifier: MIT
// The lanes of a warp form a rectangle.
// expect: transpose: across must be 1, 2, 4, 8, 16 or 32 lanes
#include <deepgemm/kernel/transpose.cuh>

using namespace deepgemm;

#ifdef CORRECT
using kernel_here = transposer<arch::sm90, transpose_traits{}, transpose_config{.across = 16}>;
#else
using kernel_here = transposer<arch::sm90, transpose_traits{}, transpose_config{.across = 12}>;
#endif
constexpr auto threads = kernel_here::launch.threads;
