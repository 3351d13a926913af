// SPDX-License-Identifier: MIT
// A CTA has registers for at most four warpgroups that multiply.
// expect: gemm: sm90.warpgroups must be from 1 to 4
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
#ifdef CORRECT
using kernel =
    dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, dg::config{.block = {256, 64, 128}, .sm90 = {.warpgroups = 4}}>;
#else
using kernel =
    dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, dg::config{.block = {256, 64, 128}, .sm90 = {.warpgroups = 5}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
