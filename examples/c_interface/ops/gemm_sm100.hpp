// SPDX-License-Identifier: MIT
// The dense GEMMs of Blackwell inside the C interface: FP8 with packed scales, FP8 by FP4, FP4 in both formats, and BF16.
#pragma once

#include <deepgemm/core/kernel_list.cuh>
#include <deepgemm/kernel/sm100_gemm.cuh>

namespace c_interface {

namespace dg = deepgemm;

using sm100_by_token = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::ue8m0>>;
using sm100_by_block = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::ue8m0>>;
using sm100_mx4 = dg::operand<dg::e2m1, dg::scale::mx<dg::scale::ue8m0>>;
using sm100_nv4 = dg::operand<dg::e2m1, dg::scale::nv<dg::scale::ue4m3>>;
using sm100_half = dg::operand<dg::bf16>;

using sm100_fp8 = dg::gemm<dg::arch::sm100, sm100_by_token, sm100_by_block, dg::store<dg::bf16>,
                           dg::config{.block = {128, 128, 128}}>;
using sm100_fp8_fp4 =
    dg::gemm<dg::arch::sm100, sm100_by_token, sm100_mx4, dg::store<dg::bf16>, dg::config{.block = {128, 128, 128}}>;
using sm100_mxf4 =
    dg::gemm<dg::arch::sm100, sm100_mx4, sm100_mx4, dg::store<dg::bf16>, dg::config{.block = {128, 128, 256}}>;
using sm100_nvf4 =
    dg::gemm<dg::arch::sm100, sm100_nv4, sm100_nv4, dg::store<dg::bf16>, dg::config{.block = {128, 128, 256}}>;
using sm100_bf16 =
    dg::gemm<dg::arch::sm100, sm100_half, sm100_half, dg::store<dg::bf16>, dg::config{.block = {128, 128, 64}}>;

using gemm_sm100_kernels = dg::shipped::kernels<sm100_fp8, sm100_fp8_fp4, sm100_mxf4, sm100_nvf4, sm100_bf16>;

}  // namespace c_interface
