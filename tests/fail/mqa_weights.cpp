// SPDX-License-Identifier: MIT
// Weights become FP32 as they are loaded, from three types.
// expect: mqa_logits: weights must be f32, bf16 or f16
#include <deepgemm/kernel/mqa_logits.cuh>

using namespace deepgemm;

#ifdef CORRECT
using kernel_here = mqa_logits<arch::sm90, mqa_logits_traits{.weights = dtype::bf16}, store_logits<float>>;
#else
using kernel_here = mqa_logits<arch::sm90, mqa_logits_traits{.weights = dtype::e4m3}, store_logits<float>>;
#endif
constexpr auto size = kernel_here::launch.smem_bytes;
