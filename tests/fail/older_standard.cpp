// SPDX-License-Identifier: MIT
// An older standard is refused by one sentence, and the compiler stops there.
// flags host: -std=c++17
// flags nvcc: -arch=sm_90a -std=c++17
// expect: deepgemm needs C++20: compile with -std=c++20
// expect: fatal error:
#ifdef CORRECT
#include <deepgemm/version.cuh>  // which any standard reads
#else
#include <deepgemm/deepgemm.cuh>
#endif
