// SPDX-License-Identifier: MIT
// Hopper multiplies FP8 and 16-bit elements.
// expect: sm90: the elements of an operand must be e4m3, e5m2, bf16 or f16
#include <deepgemm/kernel/operand.cuh>
#include <deepgemm/mma/sm90/product.cuh>
#include <deepgemm/scale/fp32.cuh>

using namespace deepgemm;

// [example]
#ifdef CORRECT
using a = operand<f16>;
#else
using a = operand<float>;
#endif
using b = a;
constexpr auto size = sizeof(sm90::product<a, b>);
// [example]
