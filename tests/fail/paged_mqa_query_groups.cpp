// SPDX-License-Identifier: MIT
// Somebody must multiply.
// expect: paged_mqa_logits: query_groups must be at least 1, and key_groups, too, or 0
#include <deepgemm/kernel/paged_mqa_logits.cuh>

using namespace deepgemm;

#ifdef CORRECT
using kernel_here =
    paged_mqa_logits<arch::sm90, mqa_logits_traits{}, 64, store_logits<float>, paged_mqa_config{.query_groups = 1}>;
#else
using kernel_here =
    paged_mqa_logits<arch::sm90, mqa_logits_traits{}, 64, store_logits<float>, paged_mqa_config{.query_groups = 0}>;
#endif
constexpr auto size = kernel_here::launch.smem_bytes;
