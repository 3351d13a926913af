// SPDX-License-Identifier: MIT
// A scale of a whole operand travels to the epilogue, which multiplies sums over all of K: none of the other operand's scales may
// change along K.
// expect: gemm: Hopper's scales travel in stages, to registers, or to the epilogue if both operands' hold for all of K or are none; tensor memory is Blackwell's
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
#ifdef CORRECT
using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
#else
using a = dg::operand<dg::e4m3, dg::scale::per_tensor<dg::scale::fp32>>;
#endif
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, dg::config{.block = {128, 128, 128}, .stages = 4}>;
constexpr auto threads = kernel::launch.threads;
