// SPDX-License-Identifier: MIT
// The kernels of topk that `deepgemm bench --sim` chooses among. A list of types; CMake compiles it for the simulator.
#pragma once

#include <deepgemm/ops/topk/shipped.cuh>

namespace deepgemm::bench {

using simulated_topk = shipped::kernels<shipped::selector<dtype::f32>, shipped::selector<dtype::bf16>>;

}  // namespace deepgemm::bench
