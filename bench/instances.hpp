// SPDX-License-Identifier: MIT
// The kernels that the build instantiates for the benchmark and the demo: defined by the target deepgemm_instances.
#pragma once

#include <deepgemm/host/kernel_handle.hpp>

#include <span>

namespace deepgemm::instances {

/// Host: every instantiated dense FP8 kernel. The list lives as long as the program.
std::span<const kernel_handle> fp8_dense();

}  // namespace deepgemm::instances
