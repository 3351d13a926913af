// SPDX-License-Identifier: MIT
// The kernels of variants.cuh on the simulator, instantiated once in instances*.cpp.
#pragma once

#include <deepgemm/ops/gemm/operation.hpp>
#include <deepgemm/sim/options.hpp>

#include <span>

namespace deepgemm::test {

std::span<const gemm_handle> element_variant_handles();
std::span<const gemm_handle> cluster_variant_handles();
std::span<const gemm_handle> k_major_variant_handles();
std::span<const gemm_handle> tile_variant_handles();
std::span<const gemm_handle> summing_variant_handles();
std::span<const gemm_handle> split_variant_handles();
std::span<const gemm_handle> in_place_variant_handles();
std::span<const gemm_handle> half_split_variant_handles();
std::span<const gemm_handle> half_turn_variant_handles();
std::span<const gemm_handle> half_cluster_variant_handles();
std::span<const gemm_handle> swap_variant_handles();
std::span<const gemm_handle> swap_half_variant_handles();
std::span<const gemm_handle> equal_variant_handles();
std::span<const gemm_handle> extent_variant_handles();
/// The kernels with steps of their own: their descriptions, and launches that take the bias.
gemm_info biased_info();
gemm_info chained_info();
result<void> launch_biased(const dense_arguments& arguments, const float* bias, const sim::options& machine);
result<void> launch_chained(const dense_arguments& arguments, const float* bias, const sim::options& machine);
gemm_handle triggering_handle();

}  // namespace deepgemm::test
