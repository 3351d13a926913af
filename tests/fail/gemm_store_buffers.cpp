// SPDX-License-Identifier: MIT
// A number of buffers cannot be negative.
// expect: gemm: store_buffers and store_columns are counts; 0 chooses
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
#ifdef CORRECT
using kernel =
    dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, dg::config{.block = {128, 128, 128}, .store_buffers = 1}>;
#else
using kernel =
    dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, dg::config{.block = {128, 128, 128}, .store_buffers = -1}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
