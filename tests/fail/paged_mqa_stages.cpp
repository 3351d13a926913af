// SPDX-License-Identifier: MIT
// Each key group has as many slots.
// expect: paged_mqa_logits: stages must be a multiple of key groups
#include <deepgemm/kernel/paged_mqa_logits.cuh>

using namespace deepgemm;

#ifdef CORRECT
using kernel_here =
    paged_mqa_logits<arch::sm90, mqa_logits_traits{}, 64, store_logits<float>, paged_mqa_config{.stages = 12}>;
#else
using kernel_here =
    paged_mqa_logits<arch::sm90, mqa_logits_traits{}, 64, store_logits<float>, paged_mqa_config{.stages = 10}>;
#endif
constexpr auto size = kernel_here::launch.smem_bytes;
