// SPDX-License-Identifier: MIT
// Written by bench/tuned.py: products for which another kernel than the cost model's choice was measured to be the best, by
// more than 1 %, on an H100 with all its multiprocessors.
#pragma once

#include <array>

#include <deepgemm/host/tuned_row.hpp>

namespace deepgemm {

// clang-format off
/// Rows measured on an H100.
inline constexpr std::array<tuned_row, 22> tuned_h100{{
    // 12.0 us; the model's choice takes 8.5 % longer
    tuned_row{.m_max = 1, .n = 2112, .k = 7168,
              .cfg = config{.block = {64, 32, 128}, .math_warpgroups = 1, .promote = promotion::deferred}},
    // 20.8 us; the model's choice takes 2.9 % longer
    tuned_row{.m_max = 1, .n = 24576, .k = 1536,
              .cfg = config{.block = {64, 96, 128}, .math_warpgroups = 1, .promote = promotion::deferred}},
    // 12.1 us; the model's choice takes 7.1 % longer
    tuned_row{.m_max = 1, .n = 32768, .k = 512,
              .cfg = config{.block = {64, 128, 128}, .math_warpgroups = 1, .promote = promotion::deferred}},
    // 18.2 us; the model's choice takes 5.8 % longer
    tuned_row{.m_max = 1, .n = 4096, .k = 7168,
              .cfg = config{.block = {64, 64, 128}, .math_warpgroups = 1, .promote = promotion::deferred}},
    // 37.0 us; the model's choice takes 1.4 % longer
    tuned_row{.m_max = 4096, .n = 576, .k = 7168,
              .cfg = config{.block = {192, 96, 128}, .cluster = {1, 2}, .math_warpgroups = 3}},
    // 143.9 us; the model's choice takes 1.3 % longer
    tuned_row{.m_max = 2112, .n = 4096, .k = 7168, .d = dtype::f32, .accumulate = true, .b = {1, 128},
              .cfg = config{.block = {192, 96, 128}, .cluster = {1, 2}, .math_warpgroups = 3}, .in_place = true},
    // 211.0 us; the model's choice takes 1.7 % longer
    tuned_row{.m_max = 4096, .n = 1536, .k = 24576,
              .cfg = config{.block = {192, 128, 128}, .cluster = {1, 2}, .math_warpgroups = 3}},
    // 433.5 us; the model's choice takes 5.5 % longer
    tuned_row{.m_max = 24576, .n = 4096, .k = 1536, .d = dtype::f32, .accumulate = true, .b = {1, 128},
              .cfg = config{.block = {128, 96, 128}}},
    // 233.1 us; the model's choice takes 1.4 % longer
    tuned_row{.m_max = 24576, .n = 4096, .k = 1536,
              .cfg = config{.block = {192, 128, 128}, .cluster = {1, 2}, .math_warpgroups = 3}},
    // 105.6 us; the model's choice takes 1.4 % longer
    tuned_row{.m_max = 4096, .n = 512, .k = 32768,
              .cfg = config{.block = {128, 128, 128}, .cluster = {1, 2}, .promote = promotion::deferred}},
    // 415.2 us; the model's choice takes 1.5 % longer
    tuned_row{.m_max = 32768, .n = 4096, .k = 512, .d = dtype::f32, .accumulate = true, .b = {1, 128},
              .cfg = config{.block = {128, 128, 128}, .cluster = {2, 1}, .store_columns = 32, .store_buffers = 4}},
    // 134.1 us; the model's choice takes 1.9 % longer
    tuned_row{.m_max = 32768, .n = 4096, .k = 512,
              .cfg = config{.block = {128, 128, 128}, .cluster = {1, 2}, .promote = promotion::deferred}},
    // 668.4 us; the model's choice takes 1.2 % longer
    tuned_row{.m_max = 4096, .n = 16384, .k = 7168,
              .cfg = config{.block = {256, 128, 128}, .cluster = {1, 2}}},
    // 934.3 us; the model's choice takes 10.0 % longer
    tuned_row{.m_max = 7168, .n = 4096, .k = 16384, .d = dtype::f32, .accumulate = true, .b = {1, 128},
              .cfg = config{.block = {128, 128, 128}, .store_columns = 32, .store_buffers = 4}},
    // 653.0 us; the model's choice takes 1.1 % longer
    tuned_row{.m_max = 7168, .n = 4096, .k = 16384,
              .cfg = config{.block = {256, 128, 128}, .cluster = {1, 2}}},
    // 255.6 us; the model's choice takes 4.6 % longer
    tuned_row{.m_max = 4096, .n = 4096, .k = 7168, .d = dtype::f32, .accumulate = true, .b = {1, 128},
              .cfg = config{.block = {128, 128, 128}, .store_columns = 32, .store_buffers = 4}},
    // 19.3 us; the model's choice takes 1.3 % longer
    tuned_row{.m_max = 1, .n = 2112, .k = 7168, .b = {},
              .cfg = config{.block = {64, 16, 64}, .math_warpgroups = 1, .promote = promotion::never}, .type = dtype::bf16},
    // 18.9 us; the model's choice takes 1.9 % longer
    tuned_row{.m_max = 1, .n = 32768, .k = 512, .b = {},
              .cfg = config{.block = {64, 128, 64}, .math_warpgroups = 1, .promote = promotion::never}, .type = dtype::bf16},
    // 18.9 us; the model's choice takes 5.8 % longer
    tuned_row{.m_max = 1, .n = 32768, .k = 512, .accumulate = true, .b = {},
              .cfg = config{.block = {64, 128, 64}, .math_warpgroups = 1, .promote = promotion::never}, .type = dtype::bf16},
    // 36.9 us; the model's choice takes 4.1 % longer
    tuned_row{.m_max = 128, .n = 24576, .k = 1536, .b = {},
              .cfg = config{.block = {64, 96, 64}, .math_warpgroups = 1, .promote = promotion::never}, .type = dtype::bf16},
    // 159.7 us; the model's choice takes 1.3 % longer
    tuned_row{.m_max = 4096, .n = 2112, .k = 7168, .b = {},
              .cfg = config{.block = {128, 176, 64}, .alternate = true, .promote = promotion::never}, .type = dtype::bf16},
    // 38.3 us; the model's choice takes 9.1 % longer
    tuned_row{.m_max = 4096, .n = 256, .k = 7168, .d = dtype::f32, .b = {},
              .cfg = config{.block = {64, 128, 64}, .math_warpgroups = 1, .promote = promotion::never}, .type = dtype::bf16},
}};
// clang-format on

}  // namespace deepgemm
