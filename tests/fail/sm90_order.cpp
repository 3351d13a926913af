// SPDX-License-Identifier: MIT
// The tensor cores of Hopper read 8-bit operands along K only, and registers take A alone.
// expect: sm90: e4m3 and e5m2 of B must be contiguous along K, and of A where config.swap exchanges them
#include <deepgemm/kernel/operand.cuh>
#include <deepgemm/mma/sm90/product.cuh>
#include <deepgemm/scale/fp32.cuh>

using namespace deepgemm;

// [example]
#ifdef CORRECT
using a = operand<bf16, scale::none, major::mn>;
#else
using a = operand<e4m3, scale::per_token<scale::fp32>, major::mn>;
#endif
using b = a;
constexpr auto size = sizeof(sm90::product<a, b>);
// [example]
