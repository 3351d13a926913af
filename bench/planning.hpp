// SPDX-License-Identifier: MIT
// Devices and kernels for commands that plan without a GPU: GPUs by name, and the shipped kernels of all operations, described
// but not compiled.
#pragma once

#include <deepgemm/host/plan.hpp>
#include <deepgemm/rtc/unit.hpp>

#include <span>
#include <string>
#include <vector>

#include "products.hpp"

namespace deepgemm::bench {

/// "h200", "h100", "b200" or "b300" as a device. Throws std::invalid_argument for other names.
device_info device_named(const std::string& name);

/// Every kernel of an operation that deepgemm_add_instances() compiles for some architecture.
template <class O>
struct described_kernels_of {
    std::vector<kernel_handle<O>> handles;  ///< for a planner; they launch nothing
    std::size_t first_source = 0;           ///< the place of the first one among kernel_sources()
};
/// Those of all operations.
const of_each<described_kernels_of>& described_kernels();
template <class O>
const described_kernels_of<O>& described() {
    return std::get<described_kernels_of<O>>(described_kernels());
}

/// The source of each described kernel for a run-time compiler, as rtc::engine makes it of the type.
std::span<const rtc::kernel_source> kernel_sources();

}  // namespace deepgemm::bench
