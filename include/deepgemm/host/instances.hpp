// SPDX-License-Identifier: MIT
// The shipped kernels as a linked library: declarations only. Link a target made by deepgemm_add_instances() (CMake), which
// compiles the lists of kernel/shipped.cuh and kernel/shipped_half.cuh for a GPU or for the simulator; or make handles of your own kernels instead.
#pragma once

#include <span>

#include <deepgemm/host/kernel_handle.hpp>

namespace deepgemm::instances {

/// All shipped dense FP8 kernels. Host, any thread; the memory lives as long as the program.
std::span<const kernel_handle> fp8_dense();
/// All shipped dense kernels of BF16 operands, and of FP16 operands.
std::span<const kernel_handle> bf16_dense();
std::span<const kernel_handle> f16_dense();
/// All of them together, for an engine that serves every operation of ops.hpp.
std::span<const kernel_handle> dense();

}  // namespace deepgemm::instances
