// SPDX-License-Identifier: MIT
// Threads exchange single bytes.
// expect: transpose: elements must have 1 byte
#include <deepgemm/kernel/transpose.cuh>

using namespace deepgemm;

#ifdef CORRECT
using kernel_here = transposer<arch::sm90, transpose_traits{1}>;
#else
using kernel_here = transposer<arch::sm90, transpose_traits{2}>;
#endif
constexpr auto threads = kernel_here::launch.threads;
