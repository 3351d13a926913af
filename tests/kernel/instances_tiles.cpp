// SPDX-License-Identifier: MIT
// Instantiates the variants that differ in clusters and tiles, for the simulator.
#include "instances.hpp"

#include "sim_handles.hpp"
#include "variants.cuh"

namespace deepgemm::test {

std::span<const gemm_handle> cluster_variant_handles() { return handles(cluster_variants{}); }
std::span<const gemm_handle> tile_variant_handles() { return handles(tile_variants{}); }
std::span<const gemm_handle> summing_variant_handles() { return handles(summing_variants{}); }
std::span<const gemm_handle> equal_variant_handles() { return handles(equal_variants{}); }

}  // namespace deepgemm::test
