// SPDX-License-Identifier: MIT
// A staging buffer is 64 columns wide and must not straddle the gap of a head, so widths are multiples of 64.
// expect: store_heads: widths must be multiples of 64
#include <deepgemm/epilogue/store.cuh>

#ifdef CORRECT
using sink = deepgemm::store_heads<deepgemm::bf16, 128, 64, 128>;
#else
using sink = deepgemm::store_heads<deepgemm::bf16, 128, 32, 128>;
#endif
constexpr bool accumulates = sink::accumulates;
