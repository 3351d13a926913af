// SPDX-License-Identifier: MIT
// wgmma reads 8-bit operands along K only.
// expect: operand: e4m3 and e5m2 must be contiguous along K
#include <deepgemm/scale/fp32.cuh>

using namespace deepgemm;

// [example]
#ifdef CORRECT
using a = operand<bf16, scale::none, major::mn>;
#else
using a = operand<e4m3, scale::per_token<scale::fp32>, major::mn>;
#endif
constexpr dtype type = a::info.type;
// [example]
