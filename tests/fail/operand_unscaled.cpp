// SPDX-License-Identifier: MIT
// FP8 has too few bits to do without scales.
// expect: operand: e4m3 and e5m2 need scales, bf16 and f16 take scale::none
#include <deepgemm/scale/fp32.cuh>

using namespace deepgemm;

// [example]
#ifdef CORRECT
using a = operand<e4m3, scale::per_token<scale::fp32>>;
#else
using a = operand<e4m3>;
#endif
constexpr dtype type = a::info.type;
// [example]
