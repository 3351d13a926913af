// SPDX-License-Identifier: MIT
// The grouped GEMMs that `deepgemm bench --sim` chooses among. Lists of types; CMake compiles them for the simulator.
#pragma once

#include <deepgemm/ops/grouped_gemm/shipped.cuh>

namespace deepgemm::bench {

using simulated_grouped_gemm =
    shipped::join<shipped::masked_kernels<shipped::masked_few(64), shipped::masked_medium>,
                  shipped::masked_bf16_kernels<shipped::tile16(64, 64, 1), shipped::tile16(128, 128, 2)>>::type;

}  // namespace deepgemm::bench
