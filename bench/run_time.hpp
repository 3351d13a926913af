// SPDX-License-Identifier: MIT
// A kernel of the program, compiled once more by NVRTC, so that it can be timed beside the one that nvcc compiled. Two
// implementations: run_time.cpp where NVRTC was found at configuration, run_time_none.cpp elsewhere.
#pragma once

#include <deepgemm/kernel/info.cuh>

#include "ops/gemm/data.cuh"
#include "timer.hpp"

namespace deepgemm::bench {

/// Host: the contender that runs FP8 kernel `kernel` as NVRTC compiles it, on the product in `data`, which must outlive it. The
/// first call for a kernel compiles it, which takes about a second. Throws std::runtime_error if that fails, or if no shipped
/// list has it.
contender compiled_now(const gemm_info& kernel, const problem_data& data);

}  // namespace deepgemm::bench
