// SPDX-License-Identifier: MIT
// A kernel of which ptxas remarks that it adds a wait (C7517). It must not warn of anything.
#pragma once

#include <deepgemm/kernel/gemm.cuh>

namespace consumer {

using deferred = deepgemm::gemm<
    deepgemm::arch::sm90, deepgemm::operand<deepgemm::e4m3, deepgemm::scale::per_token<deepgemm::scale::fp32>>,
    deepgemm::operand<deepgemm::e4m3, deepgemm::scale::per_block<deepgemm::scale::fp32>>,
    deepgemm::store<deepgemm::bf16>,
    deepgemm::config{.block = {64, 64, 128}, .sm90 = {.warpgroups = 1, .promote = deepgemm::promotion::deferred}}>;

}  // namespace consumer
