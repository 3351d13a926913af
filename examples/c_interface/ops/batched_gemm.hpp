// SPDX-License-Identifier: MIT
// The batched GEMMs inside the C interface: a tile for few rows, one for many, gradients in FP8, and sums.
#pragma once

#include <deepgemm/schedule/grouped.cuh>
#include <deepgemm/schedule/summed.cuh>

#include "gemm.hpp"

namespace c_interface {

/// A kernel of batches. A struct, since g++ 12 cannot work out configurations in the arguments of an alias.
template <class A, class B, dg::config Config>
struct batched : dg::gemm<dg::arch::sm90, A, B, d_type, Config,
                          dg::grouped<Config.block, Config.cluster, dg::uniform_groups, Config.raster_rows>> {};
using batched_narrow = batched<by_token, by_block, dg::config{.block = {64, 64, 128}, .sm90 = {.warpgroups = 1}}>;
using batched_bf16_narrow =
    batched<half, half, dg::config{.block = {64, 64, 64}, .sm90 = {.warpgroups = 1, .promote = dg::promotion::never}}>;
using batched_bf16_wide =
    batched<half, half, dg::config{.block = {128, 128, 64}, .sm90 = {.promote = dg::promotion::never}}>;

/// Gradients: both operands in FP8 by token.
template <class D>
struct batched_gradient
    : dg::gemm<dg::arch::sm90, by_token, by_token, D,
               dg::config{.block = {128, 128, 128}, .store_columns = 32, .store_buffers = 1},
               dg::grouped<dg::tile_shape{128, 128, 128}, dg::cluster_shape{}, dg::uniform_groups, 8>> {};

template <dg::config Config>
struct summed_kernel : dg::gemm<dg::arch::sm90, half, half, d_type, Config, dg::summed<Config.block>> {};
using batch_sum = summed_kernel<dg::config{.block = {128, 128, 64}, .sm90 = {.promote = dg::promotion::never}}>;

using batched_gemm_kernels =
    dg::shipped::kernels<batched_narrow, batched_bf16_narrow, batched_bf16_wide, batched_gradient<dg::add_in_place>,
                         batched_gradient<dg::store<float>>, batch_sum>;

}  // namespace c_interface
