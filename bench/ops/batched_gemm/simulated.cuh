// SPDX-License-Identifier: MIT
// The batches that `deepgemm bench --sim` chooses among. Lists of types; CMake compiles them for the simulator.
#pragma once

#include <deepgemm/ops/batched_gemm/shipped.cuh>

namespace deepgemm::bench {

using simulated_batched_gemm = shipped::join<
    shipped::half_batches<bf16, major::k, major::k, store<bf16>, shipped::few16(8, 64, 16),
                          shipped::tile16(128, 64, 2)>::type,
    shipped::fp8_batches<scale::per_token_k_major<scale::fp32>, shipped::few(8, 64, 12), shipped::wide()>::type,
    shipped::batch_sums<store<float>, shipped::tile16(128, 128, 2, {}, 32, 1),
                        shipped::tile16(192, 128, 3, {}, 32, 1)>::type>::type;

}  // namespace deepgemm::bench
