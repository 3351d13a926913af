// SPDX-License-Identifier: MIT
// The grouped GEMMs inside the C interface: a tile for few rows in each group, and one for many.
#pragma once

#include <deepgemm/schedule/grouped.cuh>

#include "gemm.hpp"

namespace c_interface {

/// A kernel of groups. A struct, since g++ 12 cannot work out configurations in the arguments of an alias.
template <class A, class B, dg::config Config>
struct masked : dg::gemm<dg::arch::sm90, A, B, d_type, Config,
                         dg::grouped<Config.block, Config.cluster, dg::masked_groups, Config.raster_rows>> {};
using masked_narrow = masked<by_token, by_block, dg::config{.block = {64, 64, 128}, .sm90 = {.warpgroups = 1}}>;
using masked_wide = masked<by_token, by_block, dg::config{.block = {128, 128, 128}}>;
using masked_bf16_narrow =
    masked<half, half, dg::config{.block = {64, 64, 64}, .sm90 = {.warpgroups = 1, .promote = dg::promotion::never}}>;
using masked_bf16_wide =
    masked<half, half, dg::config{.block = {128, 128, 64}, .sm90 = {.promote = dg::promotion::never}}>;

using grouped_gemm_kernels = dg::shipped::kernels<masked_narrow, masked_wide, masked_bf16_narrow, masked_bf16_wide>;

}  // namespace c_interface
