// SPDX-License-Identifier: MIT
// A number in parentheses must not be taken for the bits of an element.
// expect: deleted function
#include <deepgemm/core/types.cuh>

using namespace deepgemm;

#ifdef CORRECT
constexpr bf16 two = bf16::from_float(2.0f);
#else
constexpr bf16 two = bf16(2.0f);
#endif
static_assert(two.bits == 0x4000);
