// SPDX-License-Identifier: MIT
// A page has 32, 64 or 128 keys.
// expect: paged_mqa_logits: a page must have 32, 64 or 128 keys
#include <deepgemm/kernel/paged_mqa_logits.cuh>

using namespace deepgemm;

#ifdef CORRECT
using kernel_here = paged_mqa_logits<arch::sm90, mqa_logits_traits{}, 32, store_logits<float>>;
#else
using kernel_here = paged_mqa_logits<arch::sm90, mqa_logits_traits{}, 16, store_logits<float>>;
#endif
constexpr auto size = kernel_here::launch.smem_bytes;
