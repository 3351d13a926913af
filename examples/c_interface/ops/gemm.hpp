// SPDX-License-Identifier: MIT
// The dense GEMMs inside the C interface: for FP8 and for BF16 a kernel with a small tile, for few rows of A, and one with a
// large tile; and for FP8 one whose product is multiplied by a number, and one for scales that hold for all of K.
#pragma once

#include <deepgemm/core/kernel_list.cuh>
#include <deepgemm/epilogue/alpha.cuh>
#include <deepgemm/kernel/gemm.cuh>

namespace c_interface {

namespace dg = deepgemm;

using by_token = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using by_block = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
using half = dg::operand<dg::bf16>;
using d_type = dg::store<dg::bf16>;

using fp8_narrow =
    dg::gemm<dg::arch::sm90, by_token, by_block, d_type, dg::config{.block = {64, 32, 128}, .sm90 = {.warpgroups = 1}}>;
using fp8_wide = dg::gemm<dg::arch::sm90, by_token, by_block, d_type, dg::config{.block = {128, 128, 128}}>;
using fp8_scaled =
    dg::gemm<dg::arch::sm90, by_token, by_block, dg::then<dg::alpha, d_type>, dg::config{.block = {128, 128, 128}}>;
using all_of_k = dg::operand<dg::e4m3, dg::scale::per_row<dg::scale::fp32>>;
using fp8_rows = dg::gemm<dg::arch::sm90, all_of_k, all_of_k, d_type,
                          dg::config{.block = {128, 128, 128}, .sm90 = {.promote = dg::promotion::never}}>;
using bf16_narrow =
    dg::gemm<dg::arch::sm90, half, half, d_type,
             dg::config{.block = {64, 32, 64}, .sm90 = {.warpgroups = 1, .promote = dg::promotion::never}}>;
using bf16_wide = dg::gemm<dg::arch::sm90, half, half, d_type,
                           dg::config{.block = {128, 128, 64}, .sm90 = {.promote = dg::promotion::never}}>;

using gemm_kernels = dg::shipped::kernels<fp8_narrow, fp8_wide, fp8_scaled, fp8_rows, bf16_narrow, bf16_wide>;

}  // namespace c_interface
