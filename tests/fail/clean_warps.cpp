// SPDX-License-Identifier: MIT
// A CTA has at most 1024 threads.
// expect: clean_logits: warps must be from 1 to 32
#include <deepgemm/kernel/clean_logits.cuh>

using namespace deepgemm;

#ifdef CORRECT
using kernel_here = logits_cleaner<arch::sm90, clean_logits_traits{}, clean_logits_config{.warps = 32}>;
#else
using kernel_here = logits_cleaner<arch::sm90, clean_logits_traits{}, clean_logits_config{.warps = 33}>;
#endif
constexpr auto threads = kernel_here::launch.threads;
