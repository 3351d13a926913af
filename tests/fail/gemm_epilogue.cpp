// SPDX-License-Identifier: MIT
// An epilogue must end in a sink, since D has to be stored.
// expect: gemm: the epilogue must end in a sink: store<bf16>, say
// expect: describes
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, dg::config{.block = {128, 128, 128}, .stages = 4}>;
#else
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::bf16, dg::config{.block = {128, 128, 128}, .stages = 4}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
