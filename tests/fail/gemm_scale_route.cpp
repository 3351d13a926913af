// SPDX-License-Identifier: MIT
// Scales of a whole operand travel to the epilogue, and gemm has no epilogue that applies them.
// expect: gemm: Hopper's scales travel in stages or to registers; tensor memory is Blackwell's, and no epilogue of gemm applies
// scales
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
