// SPDX-License-Identifier: MIT
// The tensor core multiplies BF16 by BF16 and FP16 by FP16.
// expect: sm90: A and B must both be of 8 bits, or both bf16, or both f16
#include <deepgemm/kernel/operand.cuh>
#include <deepgemm/mma/sm90/product.cuh>
#include <deepgemm/scale/fp32.cuh>

using namespace deepgemm;

// [example]
#ifdef CORRECT
using a = operand<bf16>;
#else
using a = operand<f16>;
#endif
using b = operand<bf16>;
constexpr auto size = sizeof(sm90::product<a, b>);
// [example]
