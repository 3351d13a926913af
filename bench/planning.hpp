// SPDX-License-Identifier: MIT
// What the commands that need no GPU plan with: the GPUs they know by name, products of the command line as workloads, and the
// shipped kernels, described but not compiled.
#pragma once

#include <deepgemm/ops/gemm/operation.hpp>
#include <deepgemm/ops/grouped_gemm/operation.hpp>
#include <deepgemm/rtc/unit.hpp>

#include <span>
#include <string>

#include "cases.hpp"
#include "grouped_cases.hpp"

namespace deepgemm::bench {

/// "h200" or "h100" as a device. Throws std::invalid_argument for other names.
device_info device_named(const std::string& name);

/// A case as the planner sees it; C, if there is one, is D.
gemm_workload workload_of(const gemm_case& c);
/// The same of a product in groups.
grouped_workload workload_of(const grouped_case& c);

/// Every kernel of the lists that deepgemm_add_instances() compiles, for a planner: handles that launch nothing.
std::span<const gemm_handle> described_kernels();
/// The same of the kernels for groups.
std::span<const grouped_handle> described_grouped_kernels();
/// How each of both lists is compiled at run time, in this order. The texts are those that rtc::engine makes of the types.
std::span<const rtc::kernel_source> kernel_sources();

}  // namespace deepgemm::bench
