// SPDX-License-Identifier: MIT
// A group of eight columns has the heads of at most two queries.
// expect: mqa_logits: heads must be a multiple of 4 from 4 to 128
#include <deepgemm/kernel/mqa_logits.cuh>

using namespace deepgemm;

#ifdef CORRECT
using kernel_here = mqa_logits<arch::sm90, mqa_logits_traits{.heads = 12}, store_logits<float>>;
#else
using kernel_here = mqa_logits<arch::sm90, mqa_logits_traits{.heads = 10}, store_logits<float>>;
#endif
constexpr auto size = kernel_here::launch.smem_bytes;
