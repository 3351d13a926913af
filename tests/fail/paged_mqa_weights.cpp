// SPDX-License-Identifier: MIT
// Weights become FP32 as they are loaded, from three types.
// expect: paged_mqa_logits: weights must be f32, bf16 or f16
#include <deepgemm/kernel/paged_mqa_logits.cuh>

using namespace deepgemm;

#ifdef CORRECT
using kernel_here = paged_mqa_logits<arch::sm90, mqa_logits_traits{.weights = dtype::f16}, 64, store_logits<float>>;
#else
using kernel_here = paged_mqa_logits<arch::sm90, mqa_logits_traits{.weights = dtype::e4m3}, 64, store_logits<float>>;
#endif
constexpr auto size = kernel_here::launch.smem_bytes;
