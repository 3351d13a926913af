// SPDX-License-Identifier: MIT
// D is BF16, FP16 or FP32.
// expect: output_element
#include <deepgemm/epilogue/store.cuh>

#ifdef CORRECT
using sink = deepgemm::store<deepgemm::bf16>;
#else
using sink = deepgemm::store<deepgemm::e4m3>;
#endif
constexpr bool accumulates = sink::accumulates;
