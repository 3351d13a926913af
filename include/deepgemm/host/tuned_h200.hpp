// SPDX-License-Identifier: MIT
// Written by bench/tuned.py: products for which another kernel than the cost model's choice was measured to be the best, by
// more than 1 %, on an H200 with all its multiprocessors.
#pragma once

#include <array>

#include <deepgemm/host/tuned_row.hpp>

namespace deepgemm {

// clang-format off
/// Rows measured on an H200.
inline constexpr std::array<tuned_row, 0> tuned_h200{};
// clang-format on

}  // namespace deepgemm
