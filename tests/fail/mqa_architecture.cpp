// SPDX-License-Identifier: MIT
// The kernel has Hopper's instructions.
// expect: mqa_logits: the kernel is for Hopper
#include <deepgemm/kernel/mqa_logits.cuh>

using namespace deepgemm;

#ifdef CORRECT
using kernel_here = mqa_logits<arch::sm90, mqa_logits_traits{}, store_logits<float>>;
#else
using kernel_here = mqa_logits<arch::sm100, mqa_logits_traits{}, store_logits<float>>;
#endif
constexpr auto size = kernel_here::launch.smem_bytes;
