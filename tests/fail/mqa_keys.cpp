// SPDX-License-Identifier: MIT
// A warpgroup multiplies 64 keys at a time, and a copy by TMA brings at most 256.
// expect: mqa_logits: keys must be 64, 128, 192 or 256
#include <deepgemm/kernel/mqa_logits.cuh>

using namespace deepgemm;

#ifdef CORRECT
using kernel_here = mqa_logits<arch::sm90, mqa_logits_traits{}, store_logits<float>, mqa_logits_config{.keys = 128}>;
#else
using kernel_here = mqa_logits<arch::sm90, mqa_logits_traits{}, store_logits<float>, mqa_logits_config{.keys = 96}>;
#endif
constexpr auto size = kernel_here::launch.smem_bytes;
