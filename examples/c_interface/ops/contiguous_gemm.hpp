// SPDX-License-Identifier: MIT
// The contiguous grouped GEMMs inside the C interface: for each kind of list a tile for few rows in each group, and one for
// many; and where rows are gathered or scattered one for all.
#pragma once

#include <deepgemm/epilogue/scatter.cuh>
#include <deepgemm/schedule/grouped.cuh>
#include <deepgemm/schedule/indexed.cuh>

#include "gemm.hpp"

namespace c_interface {

/// Kernels of groups of rows, by the end of each group and by the group of each row. Structs, since g++ 12 cannot work out
/// configurations in the arguments of an alias.
template <class A, class B, dg::config Config, class D = d_type>
struct by_end : dg::gemm<dg::arch::sm90, A, B, D, Config,
                         dg::grouped<Config.block, Config.cluster, dg::psum_groups, Config.raster_rows>> {};
template <class A, class B, dg::config Config, class D = d_type>
struct by_row
    : dg::gemm<dg::arch::sm90, A, B, D, Config, dg::indexed<Config.block, Config.cluster, Config.raster_rows>> {};

using scattered = dg::scatter<dg::bf16>;

inline constexpr dg::config rows_narrow{.block = {64, 64, 128}, .sm90 = {.warpgroups = 1}},
    rows_wide{.block = {128, 128, 128}},
    rows_bf16_narrow{.block = {64, 64, 64}, .sm90 = {.warpgroups = 1, .promote = dg::promotion::never}},
    rows_bf16_wide{.block = {128, 128, 64}, .sm90 = {.promote = dg::promotion::never}};

using contiguous_gemm_kernels = dg::shipped::kernels<
    by_end<by_token, by_block, rows_narrow>, by_end<by_token, by_block, rows_wide>,
    by_row<by_token, by_block, rows_narrow>, by_row<by_token, by_block, rows_wide>,
    by_end<half, half, rows_bf16_narrow>, by_end<half, half, rows_bf16_wide>, by_row<half, half, rows_bf16_narrow>,
    by_row<half, half, rows_bf16_wide>, by_end<dg::gathered<by_token>, by_block, rows_wide>,
    by_row<dg::gathered<by_token>, by_block, rows_wide>, by_end<dg::gathered<half>, half, rows_bf16_wide>,
    by_row<dg::gathered<half>, half, rows_bf16_wide>, by_end<by_token, by_block, rows_wide, scattered>,
    by_row<by_token, by_block, rows_wide, scattered>, by_end<half, half, rows_bf16_wide, scattered>,
    by_row<half, half, rows_bf16_wide, scattered>>;

}  // namespace c_interface
