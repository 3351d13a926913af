// SPDX-License-Identifier: MIT
// The least that a product can take where memory is the limit, measured instead of computed: a kernel that reads both operands
// once and writes D once, as fast as it can, and multiplies nothing. What a kernel of few rows is to be compared with.
#pragma once

#include "ops/gemm/data.cuh"
#include "timer.hpp"

namespace deepgemm::bench {

/// Host: the contender that moves what the product in `data` must move. Overwrites D with zeros. `data` must outlive it.
contender traffic_alone(const problem_data& data);

}  // namespace deepgemm::bench
