// SPDX-License-Identifier: MIT
// Kernels multiply FP8 and 16-bit elements.
// expect: operand: the element type must be e4m3, e5m2, bf16 or f16
#include <deepgemm/scale/fp32.cuh>

using namespace deepgemm;

#ifdef CORRECT
using a = operand<f16>;
#else
using a = operand<float>;
#endif
constexpr dtype type = a::info.type;
