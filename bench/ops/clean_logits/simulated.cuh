// SPDX-License-Identifier: MIT
// The kernels of clean_logits that `deepgemm bench --sim` chooses among. A list of types; CMake compiles it for the simulator.
#pragma once

#include <deepgemm/ops/clean_logits/shipped.cuh>

namespace deepgemm::bench {

using simulated_clean_logits = shipped::kernels<shipped::cleaner<dtype::f32>, shipped::cleaner<dtype::bf16>>;

}  // namespace deepgemm::bench
