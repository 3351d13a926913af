// SPDX-License-Identifier: MIT
// The shipped kernels as a linked library: declarations only. Link a target made by deepgemm_add_instances() (CMake), which
// compiles the kernels of ops/gemm/shipped.cuh for a GPU or for the simulator; or make handles of your own kernels instead.
#pragma once

#include <span>

#include <deepgemm/host/kernel_handle.hpp>

namespace deepgemm::instances {

/// All shipped dense kernels, for an engine that serves every operation of ops.hpp. Host, any thread; the memory lives as long as the
/// program.
std::span<const kernel_handle<ops::gemm>> dense();

}  // namespace deepgemm::instances
