// SPDX-License-Identifier: MIT
// The kernels of variants.cuh on the simulator, instantiated once in instances*.cpp.
#pragma once

#include <deepgemm/host/kernel_handle.hpp>
#include <deepgemm/sim/options.hpp>

#include <span>

namespace deepgemm::test {

std::span<const kernel_handle> element_variant_handles();
std::span<const kernel_handle> cluster_variant_handles();
std::span<const kernel_handle> k_major_variant_handles();
std::span<const kernel_handle> tile_variant_handles();
std::span<const kernel_handle> summing_variant_handles();
std::span<const kernel_handle> split_variant_handles();
std::span<const kernel_handle> in_place_variant_handles();
std::span<const kernel_handle> half_split_variant_handles();
std::span<const kernel_handle> half_turn_variant_handles();
std::span<const kernel_handle> half_cluster_variant_handles();
std::span<const kernel_handle> swap_variant_handles();
std::span<const kernel_handle> swap_half_variant_handles();
std::span<const kernel_handle> equal_variant_handles();
std::span<const kernel_handle> extent_variant_handles();
/// The kernels with steps of their own: their descriptions, and launches that take the bias.
kernel_info biased_info();
kernel_info chained_info();
result<void> launch_biased(const gemm_arguments& arguments, const float* bias, const sim::options& machine);
result<void> launch_chained(const gemm_arguments& arguments, const float* bias, const sim::options& machine);
kernel_handle triggering_handle();

}  // namespace deepgemm::test
