// SPDX-License-Identifier: MIT
// A slot is multiplied 64 keys at a time.
// expect: paged_mqa_logits: keys must be 64 or 128
#include <deepgemm/kernel/paged_mqa_logits.cuh>

using namespace deepgemm;

#ifdef CORRECT
using kernel_here =
    paged_mqa_logits<arch::sm90, mqa_logits_traits{}, 64, store_logits<float>, paged_mqa_config{.keys = 128}>;
#else
using kernel_here =
    paged_mqa_logits<arch::sm90, mqa_logits_traits{}, 64, store_logits<float>, paged_mqa_config{.keys = 96}>;
#endif
constexpr auto size = kernel_here::launch.smem_bytes;
