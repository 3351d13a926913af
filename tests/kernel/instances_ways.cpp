// SPDX-License-Identifier: MIT
// Instantiates the variants that sum and store in other ways, for the simulator.
#include "instances.hpp"

#include "sim_handles.hpp"
#include "variants.cuh"

namespace deepgemm::test {

std::span<const gemm_handle> k_major_variant_handles() { return handles(k_major_variants{}); }
std::span<const gemm_handle> split_variant_handles() { return handles(split_variants{}); }
std::span<const gemm_handle> in_place_variant_handles() { return handles(in_place_variants{}); }
std::span<const gemm_handle> half_split_variant_handles() { return handles(half_split_variants{}); }
std::span<const gemm_handle> half_turn_variant_handles() { return handles(half_turn_variants{}); }
std::span<const gemm_handle> half_cluster_variant_handles() { return handles(half_cluster_variants{}); }

}  // namespace deepgemm::test
