// SPDX-License-Identifier: MIT
// Stages must fit into shared memory.
// expect: mqa_logits: the stages need more than 232448 bytes of shared memory
#include <deepgemm/kernel/mqa_logits.cuh>

using namespace deepgemm;

#ifdef CORRECT
using kernel_here = mqa_logits<arch::sm90, mqa_logits_traits{}, store_logits<float>, mqa_logits_config{.stages = 3}>;
#else
using kernel_here = mqa_logits<arch::sm90, mqa_logits_traits{}, store_logits<float>, mqa_logits_config{.stages = 8}>;
#endif
constexpr auto size = kernel_here::launch.smem_bytes;
