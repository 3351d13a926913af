// SPDX-License-Identifier: MIT
// The GEMMs in groups of K inside the C interface: a tile each that adds to D in FP32, and one that stores it.
#pragma once

#include <deepgemm/schedule/grouped.cuh>

#include "gemm.hpp"

namespace c_interface {

/// Kernels of groups of K, as `Groups` has them. A struct, since g++ 12 cannot work out configurations in the arguments of an
/// alias.
template <class X, class Groups, class D, dg::config Config>
struct by_k
    : dg::gemm<dg::arch::sm90, X, X, D, Config, dg::grouped<Config.block, Config.cluster, Groups, Config.raster_rows>> {
};

using by_word = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::ue8m0>>;
using packed_groups = dg::with_packed_scales<dg::k_groups>;
using packed_apart = dg::with_packed_scales<dg::concatenated_k_groups>;
using half_rows = dg::operand<dg::bf16, dg::scale::none, dg::major::mn>;

inline constexpr dg::config k_tile{.block = {128, 128, 128}, .store_columns = 32, .store_buffers = 1},
    k_bf16_tile{
        .block = {128, 128, 64}, .store_columns = 32, .store_buffers = 1, .sm90 = {.promote = dg::promotion::never}};

using k_grouped_gemm_kernels = dg::shipped::kernels<
    by_k<by_token, dg::k_groups, dg::add_in_place, k_tile>, by_k<by_token, dg::k_groups, dg::store<float>, k_tile>,
    by_k<by_token, dg::concatenated_k_groups, dg::add_in_place, k_tile>,
    by_k<by_token, dg::concatenated_k_groups, dg::store<float>, k_tile>,
    by_k<by_word, packed_groups, dg::add_in_place, k_tile>, by_k<by_word, packed_groups, dg::store<float>, k_tile>,
    by_k<by_word, packed_apart, dg::add_in_place, k_tile>, by_k<by_word, packed_apart, dg::store<float>, k_tile>,
    by_k<half_rows, dg::k_groups, dg::add_in_place, k_bf16_tile>,
    by_k<half_rows, dg::k_groups, dg::store<float>, k_bf16_tile>>;

}  // namespace c_interface
