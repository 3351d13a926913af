// SPDX-License-Identifier: MIT
// FP8 needs scales, because its sums keep few bits.
// expect: sm90: e4m3 and e5m2 need scales, bf16 and f16 take scale::none
#include <deepgemm/kernel/operand.cuh>
#include <deepgemm/mma/sm90/product.cuh>
#include <deepgemm/scale/fp32.cuh>

using namespace deepgemm;

// [example]
#ifdef CORRECT
using a = operand<e4m3, scale::per_token<scale::fp32>>;
#else
using a = operand<e4m3>;
#endif
using b = a;
constexpr auto size = sizeof(sm90::product<a, b>);
// [example]
