// SPDX-License-Identifier: MIT
// A key is one swizzle span of 32, 64 or 128 bytes.
// expect: mqa_logits: depth must be 32, 64 or 128
#include <deepgemm/kernel/mqa_logits.cuh>

using namespace deepgemm;

#ifdef CORRECT
using kernel_here = mqa_logits<arch::sm90, mqa_logits_traits{.depth = 64}, store_logits<float>>;
#else
using kernel_here = mqa_logits<arch::sm90, mqa_logits_traits{.depth = 96}, store_logits<float>>;
#endif
constexpr auto size = kernel_here::launch.smem_bytes;
