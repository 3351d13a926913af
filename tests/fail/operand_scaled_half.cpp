// SPDX-License-Identifier: MIT
// 16-bit elements have range enough: no kernel scales them.
// expect: operand: e4m3 and e5m2 need scales, bf16 and f16 take scale::none
#include <deepgemm/scale/fp32.cuh>

using namespace deepgemm;

// [example]
#ifdef CORRECT
using a = operand<bf16>;
#else
using a = operand<bf16, scale::per_token<scale::fp32>>;
#endif
constexpr dtype type = a::info.type;
// [example]
