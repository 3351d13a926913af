// SPDX-License-Identifier: MIT
// The grouped GEMMs inside the C interface: a tile for few rows in each group, and one for many.
#pragma once

#include <deepgemm/schedule/grouped.cuh>

#include "gemm.hpp"

namespace c_interface {

/// An FP8 kernel of groups. A struct, since g++ 12 cannot work out configurations in the arguments of an alias.
template <dg::config Config>
struct masked : dg::gemm<dg::arch::sm90, by_token, by_block, d_type, Config,
                         dg::grouped<Config.block, Config.cluster, dg::masked_groups>> {};
using masked_narrow = masked<dg::config{.block = {64, 64, 128}, .sm90 = {.warpgroups = 1}}>;
using masked_wide = masked<dg::config{.block = {128, 128, 128}}>;

using grouped_gemm_kernels = dg::shipped::kernels<masked_narrow, masked_wide>;

}  // namespace c_interface
