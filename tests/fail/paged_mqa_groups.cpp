// SPDX-License-Identifier: MIT
// Query groups and key groups are math warpgroups, of which there are four.
// expect: paged_mqa_logits: there are at most 4 math warpgroups, query groups times key groups
#include <deepgemm/kernel/paged_mqa_logits.cuh>

using namespace deepgemm;

#ifdef CORRECT
using kernel_here = paged_mqa_logits<arch::sm90, mqa_logits_traits{}, 64, store_logits<float>,
                                     paged_mqa_config{.query_groups = 2, .key_groups = 2}>;
#else
using kernel_here = paged_mqa_logits<arch::sm90, mqa_logits_traits{}, 64, store_logits<float>,
                                     paged_mqa_config{.query_groups = 2, .key_groups = 3}>;
#endif
constexpr auto size = kernel_here::launch.smem_bytes;
