// SPDX-License-Identifier: MIT
// What has no rows that are contiguous in memory cannot be gathered row by row.
// expect: gathered: rows must be contiguous along K, and have scales of their own or none
#include <deepgemm/kernel/operand.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using a = dg::gathered<dg::operand<dg::bf16>>;
#else
using a = dg::gathered<dg::operand<dg::bf16, dg::scale::none, dg::major::mn>>;
#endif
constexpr bool gathers = a::info.gathered;
