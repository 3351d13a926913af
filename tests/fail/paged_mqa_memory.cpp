// SPDX-License-Identifier: MIT
// Slots must fit into shared memory.
// expect: paged_mqa_logits: the stages need more than 232448 bytes of shared memory
#include <deepgemm/kernel/paged_mqa_logits.cuh>

using namespace deepgemm;

#ifdef CORRECT
using kernel_here =
    paged_mqa_logits<arch::sm90, mqa_logits_traits{}, 64, store_logits<float>, paged_mqa_config{.stages = 24}>;
#else
using kernel_here =
    paged_mqa_logits<arch::sm90, mqa_logits_traits{}, 64, store_logits<float>, paged_mqa_config{.stages = 27}>;
#endif
constexpr auto size = kernel_here::launch.smem_bytes;
