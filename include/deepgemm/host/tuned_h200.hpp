// SPDX-License-Identifier: MIT
// Written by bench/tuned.py: products for which another kernel than the cost model's choice was measured to be the best, by
// more than 1 %, on an NVIDIA H200 with all 132 multiprocessors.
#pragma once

#include <array>

#include <deepgemm/host/tuned_row.hpp>

namespace deepgemm {

// clang-format off
/// Rows measured on an H200.
inline constexpr std::array<tuned_row, 8> tuned_h200{{
    // 16.2 us; the model's choice takes 2.8 % longer
    tuned_row{1, 24576, 1536, dtype::bf16, false, {128, 128},
              config{.block = {64, 96, 128}, .math_warpgroups = 1, .promote = promotion::deferred}},
    // 39.4 us; the model's choice takes 2.8 % longer
    tuned_row{1, 7168, 16384, dtype::bf16, false, {128, 128},
              config{.block = {64, 96, 128}, .math_warpgroups = 1, .promote = promotion::deferred}},
    // 17.3 us; the model's choice takes 1.3 % longer
    tuned_row{128, 24576, 1536, dtype::bf16, false, {128, 128},
              config{.block = {64, 128, 128}, .math_warpgroups = 1, .promote = promotion::deferred}},
    // 9.2 us; the model's choice takes 1.0 % longer
    tuned_row{128, 7168, 2048, dtype::bf16, false, {128, 128},
              config{.block = {128, 64, 128}, .promote = promotion::deferred}},
    // 102.1 us; the model's choice takes 2.9 % longer
    tuned_row{4096, 7168, 2112, dtype::bf16, false, {128, 128},
              config{.block = {128, 128, 128}, .cluster = {2, 1}, .promote = promotion::deferred}},
    // 38.2 us; the model's choice takes 3.6 % longer
    tuned_row{4096, 7168, 576, dtype::bf16, false, {128, 128},
              config{.block = {128, 128, 128}, .promote = promotion::deferred}},
    // 400.1 us; the model's choice takes 1.3 % longer
    tuned_row{24576, 4096, 1536, dtype::f32, true, {1, 128},
              config{.block = {128, 128, 128}}},
    // 302.3 us; the model's choice takes 3.7 % longer
    tuned_row{32768, 4096, 512, dtype::f32, true, {1, 128},
              config{.block = {128, 128, 128}, .cluster = {2, 1}}},
}};
// clang-format on

}  // namespace deepgemm
