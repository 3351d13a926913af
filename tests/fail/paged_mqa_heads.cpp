// SPDX-License-Identifier: MIT
// A group of eight columns has the heads of at most two queries.
// expect: paged_mqa_logits: heads must be a multiple of 4 from 4 to 128
#include <deepgemm/kernel/paged_mqa_logits.cuh>

using namespace deepgemm;

#ifdef CORRECT
using kernel_here = paged_mqa_logits<arch::sm90, mqa_logits_traits{.heads = 20}, 64, store_logits<float>>;
#else
using kernel_here = paged_mqa_logits<arch::sm90, mqa_logits_traits{.heads = 18}, 64, store_logits<float>>;
#endif
constexpr auto size = kernel_here::launch.smem_bytes;
