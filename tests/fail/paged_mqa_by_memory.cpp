// SPDX-License-Identifier: MIT
// Four lanes get whole sums of their own out of shared memory if there are four queries for them.
// expect: paged_mqa_logits: by_memory needs a multiple of four queries, and of eight heads
#include <deepgemm/kernel/paged_mqa_logits.cuh>

using namespace deepgemm;
#ifdef CORRECT
using kernel_here = paged_mqa_logits<arch::sm90, mqa_logits_traits{}, 64, store_logits<float>,
                                     paged_mqa_config{.queries = 4, .key_groups = 2, .by_memory = true}>;
#else
using kernel_here =
    paged_mqa_logits<arch::sm90, mqa_logits_traits{}, 64, store_logits<float>, paged_mqa_config{.by_memory = true}>;
#endif
constexpr auto size = kernel_here::launch.smem_bytes;
