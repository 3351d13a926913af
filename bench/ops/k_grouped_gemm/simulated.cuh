// SPDX-License-Identifier: MIT
// The GEMMs in groups of K that `deepgemm bench --sim` chooses among. Lists of types; CMake compiles them for the simulator.
#pragma once

#include <deepgemm/ops/k_grouped_gemm/shipped.cuh>

namespace deepgemm::bench {

using simulated_k_grouped_gemm = shipped::join<
    shipped::k_fp8_kernels<k_groups, add_in_place, shipped::lean(shipped::medium(128), 32)>::type,
    shipped::k_fp8_kernels<concatenated_k_groups, add_in_place, shipped::lean(shipped::medium(128), 32)>::type,
    shipped::k_ue8m0_kernels<k_groups, add_in_place, shipped::lean(shipped::medium(128), 32)>::type,
    shipped::k_bf16_kernels<add_in_place, shipped::tile16(128, 64, 2, {}, 32, 2)>::type,
    shipped::k_bf16_kernels<store<bf16>, shipped::tile16(128, 128, 2, shipped::across)>::type>::type;

}  // namespace deepgemm::bench
