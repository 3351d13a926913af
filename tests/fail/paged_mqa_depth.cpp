// SPDX-License-Identifier: MIT
// A key is one slab of shared memory.
// expect: paged_mqa_logits: depth must be 32, 64 or 128
#include <deepgemm/kernel/paged_mqa_logits.cuh>

using namespace deepgemm;

#ifdef CORRECT
using kernel_here = paged_mqa_logits<arch::sm90, mqa_logits_traits{.depth = 64}, 64, store_logits<float>>;
#else
using kernel_here = paged_mqa_logits<arch::sm90, mqa_logits_traits{.depth = 96}, 64, store_logits<float>>;
#endif
constexpr auto size = kernel_here::launch.smem_bytes;
