// SPDX-License-Identifier: MIT
// A multiply has at most 256 columns.
// expect: head_sums: one multiply has at most 256 columns, heads times queries
#include <deepgemm/kernel/mqa_logits.cuh>

using namespace deepgemm;

#ifdef CORRECT
using kernel_here =
    mqa_logits<arch::sm90, mqa_logits_traits{}, store_logits<float>, mqa_logits_config{.warpgroups = 2, .queries = 4}>;
#else
using kernel_here =
    mqa_logits<arch::sm90, mqa_logits_traits{}, store_logits<float>, mqa_logits_config{.warpgroups = 1, .queries = 5}>;
#endif
constexpr auto size = kernel_here::launch.smem_bytes;
