// SPDX-License-Identifier: MIT
// A format alone does not say which tile one scale covers.
// expect: operand: the scales must model scale_granularity: scale::per_token<...>, say
// expect: covers_tile
#include <deepgemm/kernel/operand.cuh>
#include <deepgemm/scale/fp32.cuh>

using namespace deepgemm;

// [example]
#ifdef CORRECT
using a = operand<e4m3, scale::per_token<scale::fp32>>;
#else
using a = operand<e4m3, scale::fp32>;
#endif
constexpr dtype type = a::info.type;
// [example]
