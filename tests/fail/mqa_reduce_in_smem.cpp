// SPDX-License-Identifier: MIT
// Four lanes get whole sums of their own out of shared memory if there are four queries for them.
// expect: mqa_logits: reduce_in_smem needs a multiple of four queries, and of eight heads
#include <deepgemm/kernel/mqa_logits.cuh>

using namespace deepgemm;
#ifdef CORRECT
using kernel_here = mqa_logits<arch::sm90, mqa_logits_traits{}, store_logits<float>,
                               mqa_logits_config{.warpgroups = 2, .queries = 4, .reduce_in_smem = true}>;
#else
using kernel_here =
    mqa_logits<arch::sm90, mqa_logits_traits{}, store_logits<float>, mqa_logits_config{.reduce_in_smem = true}>;
#endif
constexpr auto size = kernel_here::launch.smem_bytes;
