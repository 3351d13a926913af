// SPDX-License-Identifier: MIT
// Minus infinity is not in every type.
// expect: clean_logits: logits must be f32, bf16 or f16
#include <deepgemm/kernel/clean_logits.cuh>

using namespace deepgemm;

#ifdef CORRECT
using kernel_here = logits_cleaner<arch::sm90, clean_logits_traits{dtype::f16}>;
#else
using kernel_here = logits_cleaner<arch::sm90, clean_logits_traits{dtype::e4m3}>;
#endif
constexpr auto threads = kernel_here::launch.threads;
