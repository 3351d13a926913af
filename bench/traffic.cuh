// SPDX-License-Identifier: MIT
// A measured lower bound on the time of a memory-bound product: a kernel that reads both operands once and writes D once at
// full bandwidth, and multiplies nothing. Kernels for few rows are compared with it.
#pragma once

#include "ops/gemm/data.cuh"
#include "timer.hpp"

namespace deepgemm::bench {

/// Host: the contender that reads `read` bytes from `from` and from `also`, and writes zeros to `written` bytes at `to`. All
/// addresses are multiples of 16 bytes.
contender traffic_of(const void* from, double read, const void* also, double read_also, void* to, double written);
/// Host: the contender that moves what the product in `data` must move. Overwrites D with zeros. `data` must outlive it.
contender traffic_alone(const problem_data& data);

}  // namespace deepgemm::bench
