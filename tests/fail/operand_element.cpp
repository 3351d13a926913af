// SPDX-License-Identifier: MIT
// An operand of a scaled product is FP8.
// expect: operand: the element type must be e4m3 or e5m2
#include <deepgemm/scale/fp32.cuh>

using namespace deepgemm;

#ifdef CORRECT
using a = operand<e4m3, scale::per_token<scale::fp32>>;
#else
using a = operand<bf16, scale::per_token<scale::fp32>>;
#endif
constexpr dtype type = a::info.type;
