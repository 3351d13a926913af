// SPDX-License-Identifier: MIT
// The prenorms that `deepgemm bench --sim` chooses among. Lists of types; CMake compiles them for the simulator.
#pragma once

#include <deepgemm/ops/hc_prenorm/shipped.cuh>

namespace deepgemm::bench {

using simulated_hc_prenorm = shipped::kernels<hc_prenorm<arch::sm90, shipped::prenorm_tile(24)>,
                                              hc_prenorm<arch::sm90, shipped::prenorm_tile(24, 4)>,
                                              hc_prenorm<arch::sm90, shipped::prenorm_tile(32), partial_sums::apart>>;

}  // namespace deepgemm::bench
