// SPDX-License-Identifier: MIT
// The tensor cores multiply by 8, 16, ... 256 rows of B.
// expect: wgmma: N must be a multiple of 8 from 8 to 256
#include <deepgemm/mma/sm90/wgmma.cuh>

using namespace deepgemm;

#ifdef CORRECT
using mma = sm90::wgmma<e4m3, e4m3, 104>;
#else
using mma = sm90::wgmma<e4m3, e4m3, 100>;
#endif
constexpr int registers = mma::registers;
