// SPDX-License-Identifier: MIT
// 16-bit elements have no scales.
// expect: sm90: only e4m3 and e5m2 are scaled, bf16 and f16 take scale::none
#include <deepgemm/kernel/operand.cuh>
#include <deepgemm/mma/sm90/product.cuh>
#include <deepgemm/scale/fp32.cuh>

using namespace deepgemm;

// [example]
#ifdef CORRECT
using a = operand<bf16>;
#else
using a = operand<bf16, scale::per_token<scale::fp32>>;
#endif
using b = a;
constexpr auto size = sizeof(sm90::product<a, b>);
// [example]
