// SPDX-License-Identifier: MIT
// A fifth warpgroup would find no registers.
// expect: mqa_logits: warpgroups must be from 1 to 4, or 0
#include <deepgemm/kernel/mqa_logits.cuh>

using namespace deepgemm;

#ifdef CORRECT
using kernel_here =
    mqa_logits<arch::sm90, mqa_logits_traits{}, store_logits<float>, mqa_logits_config{.warpgroups = 3}>;
#else
using kernel_here =
    mqa_logits<arch::sm90, mqa_logits_traits{}, store_logits<float>, mqa_logits_config{.warpgroups = 5}>;
#endif
constexpr auto size = kernel_here::launch.smem_bytes;
