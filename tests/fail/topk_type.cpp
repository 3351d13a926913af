// SPDX-License-Identifier: MIT
// Only some types can be selected from.
// expect: topk: logits must be f32, bf16 or f16
#include <deepgemm/kernel/topk.cuh>

using namespace deepgemm;

#ifdef CORRECT
using kernel_here = topk_selector<arch::sm90, topk_traits{dtype::f16}>;
#else
using kernel_here = topk_selector<arch::sm90, topk_traits{dtype::e4m3}>;
#endif
constexpr auto threads = kernel_here::launch.threads;
