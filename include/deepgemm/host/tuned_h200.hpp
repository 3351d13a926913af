// SPDX-License-Identifier: MIT
// Written by bench/tuned.py: products for which another kernel than the cost model's choice was measured to be the best, by
// more than 1 %, on an NVIDIA H200 with all 132 multiprocessors.
#pragma once

#include <array>

#include <deepgemm/host/tuned_row.hpp>

namespace deepgemm {

// clang-format off
/// Rows measured on an H200.
inline constexpr std::array<tuned_row, 9> tuned_h200{{
    // 9.0 us; the model's choice takes 2.1 % longer
    tuned_row{128, 7168, 2048, dtype::bf16, false, {128, 128},
              config{.block = {128, 64, 128}, .promote = promotion::deferred}},
    // 703.9 us; the model's choice takes 1.9 % longer
    tuned_row{4096, 7168, 16384, dtype::bf16, false, {128, 128},
              config{.block = {256, 128, 128}}},
    // 44.5 us; the model's choice takes 5.0 % longer
    tuned_row{576, 4096, 7168, dtype::f32, true, {1, 128},
              config{.block = {128, 160, 128}}},
    // 217.6 us; the model's choice takes 1.5 % longer
    tuned_row{4096, 1536, 24576, dtype::bf16, false, {128, 128},
              config{.block = {192, 128, 128}, .math_warpgroups = 3}},
    // 419.1 us; the model's choice takes 1.2 % longer
    tuned_row{24576, 4096, 1536, dtype::f32, true, {1, 128},
              config{.block = {128, 128, 128}, .cluster = {2, 1}}},
    // 302.4 us; the model's choice takes 3.8 % longer
    tuned_row{32768, 4096, 512, dtype::f32, true, {1, 128},
              config{.block = {128, 128, 128}, .cluster = {2, 1}}},
    // 1059.8 us; the model's choice takes 5.7 % longer
    tuned_row{7168, 4096, 16384, dtype::f32, true, {1, 128},
              config{.block = {128, 160, 128}}},
    // 707.0 us; the model's choice takes 2.3 % longer
    tuned_row{7168, 4096, 16384, dtype::bf16, false, {128, 128},
              config{.block = {256, 128, 128}}},
    // 277.7 us; the model's choice takes 4.0 % longer
    tuned_row{4096, 4096, 7168, dtype::f32, true, {1, 128},
              config{.block = {128, 128, 128}, .cluster = {2, 1}}},
}};
// clang-format on

}  // namespace deepgemm
