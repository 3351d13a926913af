// SPDX-License-Identifier: MIT
// Pieces of a row start where its stores of 16 bytes of a whole warp do, and the longest rows are cut into them in 32 bits.
// expect: clean_logits: columns must be a multiple of 512 from 512 to 4096
#include <deepgemm/kernel/clean_logits.cuh>

using namespace deepgemm;

#ifdef CORRECT
using kernel_here = logits_cleaner<arch::sm90, clean_logits_traits{}, clean_logits_config{.columns = 1024}>;
#else
using kernel_here = logits_cleaner<arch::sm90, clean_logits_traits{}, clean_logits_config{.columns = 8192}>;
#endif
constexpr auto threads = kernel_here::launch.threads;
