// SPDX-License-Identifier: MIT
// The ranking of a plan as a picture: a bar for each of the best kernels, as long as its predicted time and made of its parts.
#pragma once

#include <deepgemm/ops/gemm/operation.hpp>

#include <span>
#include <string>

namespace deepgemm::bench {

/// Kernels of a plan that are shown.
inline constexpr std::size_t plotted_kernels = 12;

/// Plans as one SVG file, each with an axis of its own, below each other.
std::string plot(std::span<const gemm_plan> plans);

}  // namespace deepgemm::bench
