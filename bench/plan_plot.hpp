// SPDX-License-Identifier: MIT
// The ranking of a plan as a picture: a bar for each of the best kernels, as long as its predicted time and made of its parts.
#pragma once

#include <deepgemm/host/plan.hpp>

#include <span>
#include <string>

#include "products.hpp"

namespace deepgemm::bench {

/// Kernels of a plan that are shown.
inline constexpr std::size_t plotted_kernels = 12;

/// A plan for a product of any operation.
using any_plan = of_any<plan_of>;

/// Plans as one SVG file, each with an axis of its own, below each other.
std::string plot(std::span<const any_plan> plans);

}  // namespace deepgemm::bench
