// SPDX-License-Identifier: MIT
// The consumer's own list of kernels: one, for BF16 operands that are contiguous along K.
#pragma once

#include <deepgemm/kernel/gemm.cuh>

namespace consumer {

// [kernel]
using product = deepgemm::gemm<
    deepgemm::arch::sm90, deepgemm::operand<deepgemm::bf16>, deepgemm::operand<deepgemm::bf16>, deepgemm::store<float>,
    deepgemm::config{.block = {64, 16, 64}, .sm90 = {.warpgroups = 1, .promote = deepgemm::promotion::never}}>;
// [kernel]

}  // namespace consumer
