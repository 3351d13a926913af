// SPDX-License-Identifier: MIT
// The kernels of transpose that `deepgemm bench --sim` chooses among. A list of types; CMake compiles it for the simulator.
#pragma once

#include <deepgemm/ops/transpose/shipped.cuh>

namespace deepgemm::bench {

using simulated_transpose = shipped::kernels<shipped::transposer_of<4, 8>>;

}  // namespace deepgemm::bench
