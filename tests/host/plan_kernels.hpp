// SPDX-License-Identifier: MIT
// Fake kernels that the tests of the planner and of its cost model choose from: five tiles, fixed extents, other types of D.
#pragma once

#include "fakes.hpp"

#include <array>

namespace deepgemm::fakes::planned_with {

inline constexpr config narrow{.block = {64, 32, 128}, .stages = 12, .sm90 = {.warpgroups = 1}};
inline constexpr config middle{.block = {64, 128, 128}, .stages = 8, .sm90 = {.warpgroups = 1}};
inline constexpr config square{.block = {128, 128, 128}, .stages = 5};
inline constexpr config paired{.block = {128, 128, 128}, .stages = 5, .cluster = {2, 1}};
inline constexpr config tall{.block = {256, 128, 128}, .stages = 3, .cluster = {1, 2}};
inline constexpr config fixed{.block = {128, 128, 128}, .stages = 5, .extents = {0, 4096, 7168}};

inline constexpr std::array kernels{kernel<narrow>(),
                                    kernel<middle>(),
                                    kernel<square>(),
                                    kernel<paired>(),
                                    kernel<tall>(),
                                    kernel<fixed>(),
                                    kernel<square, dtype::f32>(),
                                    kernel<square, dtype::f32, true, per_token>(),
                                    kernel<square, dtype::bf16, false, per_block, head_splits{128, 64, 128}>()};
inline constexpr device_info h200 = device_info::h200();

}  // namespace deepgemm::fakes::planned_with
