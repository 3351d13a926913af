// SPDX-License-Identifier: MIT
// The kernel has Hopper's instructions.
// expect: paged_mqa_logits: the kernel is for Hopper
#include <deepgemm/kernel/paged_mqa_logits.cuh>

using namespace deepgemm;

#ifdef CORRECT
using kernel_here = paged_mqa_logits<arch::sm90, mqa_logits_traits{}, 64, store_logits<float>>;
#else
using kernel_here = paged_mqa_logits<arch::sm100, mqa_logits_traits{}, 64, store_logits<float>>;
#endif
constexpr auto size = kernel_here::launch.smem_bytes;
