// SPDX-License-Identifier: MIT
// What to say where a pinned configuration is none of the kernels': which come nearest, and in what they differ.
#pragma once

#include <deepgemm/ops/gemm/operation.hpp>

#include <string>

namespace deepgemm::bench {

/// A few kernels that run the product of `others`, a plan without the pin, in a line each: first those that differ from `pin` in
/// the fewest members, and of these those with the lowest predicted time. Names the members that differ, with both values.
std::string nearest_to_pin(const config& pin, const gemm_plan& others);

}  // namespace deepgemm::bench
