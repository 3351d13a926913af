// SPDX-License-Identifier: MIT
// With an older standard the compiler prints one sentence and stops.
// flags host: -std=c++17
// flags nvcc: -arch=sm_90a -std=c++17
// expect: deepgemm needs C++20: compile with -std=c++20
// expect: fatal error:
#ifdef CORRECT
#include <deepgemm/version.cuh>  // which any standard reads
#else
#include <deepgemm/deepgemm.cuh>
#endif
