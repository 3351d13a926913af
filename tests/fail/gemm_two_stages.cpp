// SPDX-License-Identifier: MIT
// Staging buffers must leave room for two stages.
// expect: gemm: the tiles leave room for fewer than two stages in 232448 bytes of shared memory
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
#ifdef CORRECT
using kernel =
    dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, dg::config{.block = {128, 128, 128}, .store_buffers = 2}>;
#else
using kernel =
    dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, dg::config{.block = {128, 128, 128}, .store_buffers = 12}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
