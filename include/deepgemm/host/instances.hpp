// SPDX-License-Identifier: MIT
// The shipped kernels as a linked library: declarations only. Link a target made by deepgemm_add_instances() (CMake), which
// compiles the lists of kernel/shipped.cuh for a GPU or for the simulator; or make handles of your own kernels instead.
#pragma once

#include <span>

#include <deepgemm/host/kernel_handle.hpp>

namespace deepgemm::instances {

/// All shipped dense FP8 kernels. Host, any thread; the memory lives as long as the program.
std::span<const kernel_handle> fp8_dense();

}  // namespace deepgemm::instances
