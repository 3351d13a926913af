// SPDX-License-Identifier: MIT
// Written by bench/tuned.py: products for which another kernel than the cost model's choice was measured to be the best, by
// more than 1 %, on an H200 with all its multiprocessors.
#pragma once

#include <array>

#include <deepgemm/host/tuned_row.hpp>

namespace deepgemm {

// clang-format off
/// Rows measured on an H200.
inline constexpr std::array<tuned_row, 25> tuned_h200{{
    // 8.4 us; the model's choice takes 3.4 % longer
    tuned_row{.m_max = 1, .n = 32768, .k = 512,
              .cfg = config{.block = {8, 128, 128}, .swap = true, .promote = promotion::deferred}},
    // 15.8 us; the model's choice takes 2.4 % longer
    tuned_row{.m_max = 128, .n = 24576, .k = 1536,
              .cfg = config{.block = {128, 64, 128}, .promote = promotion::deferred}},
    // 10.4 us; the model's choice takes 10.8 % longer
    tuned_row{.m_max = 128, .n = 32768, .k = 512,
              .cfg = config{.block = {128, 128, 128}, .promote = promotion::deferred}},
    // 92.3 us; the model's choice takes 2.3 % longer
    tuned_row{.m_max = 4096, .n = 7168, .k = 2048,
              .cfg = config{.block = {128, 128, 128}, .promote = promotion::deferred}},
    // 99.6 us; the model's choice takes 1.5 % longer
    tuned_row{.m_max = 4096, .n = 7168, .k = 2112,
              .cfg = config{.block = {256, 128, 128}, .cluster = {1, 2}}},
    // 132.6 us; the model's choice takes 3.1 % longer
    tuned_row{.m_max = 2112, .n = 4096, .k = 7168, .d = dtype::f32, .accumulate = true, .b = {1, 128},
              .cfg = config{.block = {256, 96, 128}, .cluster = {1, 2}}, .in_place = true},
    // 92.2 us; the model's choice takes 1.6 % longer
    tuned_row{.m_max = 2112, .n = 4096, .k = 7168,
              .cfg = config{.block = {192, 128, 128}, .math_warpgroups = 3}},
    // 36.6 us; the model's choice takes 4.5 % longer
    tuned_row{.m_max = 4096, .n = 7168, .k = 576,
              .cfg = config{.block = {128, 128, 128}, .promote = promotion::deferred}},
    // 372.2 us; the model's choice takes 10.6 % longer
    tuned_row{.m_max = 24576, .n = 4096, .k = 1536, .d = dtype::f32, .accumulate = true, .b = {1, 128},
              .cfg = config{.block = {128, 128, 128}, .cluster = {2, 1}, .store_columns = 32, .store_buffers = 1}, .in_place = true},
    // 100.9 us; the model's choice takes 2.6 % longer
    tuned_row{.m_max = 4096, .n = 512, .k = 32768,
              .cfg = config{.block = {128, 128, 128}}},
    // 300.3 us; the model's choice takes 3.9 % longer
    tuned_row{.m_max = 32768, .n = 4096, .k = 512, .d = dtype::f32, .accumulate = true, .b = {1, 128},
              .cfg = config{.block = {128, 128, 128}, .cluster = {2, 1}, .store_columns = 32, .store_buffers = 4}},
    // 676.4 us; the model's choice takes 1.0 % longer
    tuned_row{.m_max = 4096, .n = 16384, .k = 7168,
              .cfg = config{.block = {256, 128, 128}, .cluster = {1, 2}}},
    // 171.5 us; the model's choice takes 2.4 % longer
    tuned_row{.m_max = 4096, .n = 7168, .k = 4096,
              .cfg = config{.block = {256, 128, 128}, .cluster = {1, 2}}},
    // 148.5 us; the model's choice takes 5.2 % longer
    tuned_row{.m_max = 7168, .n = 4096, .k = 2048, .d = dtype::f32, .accumulate = true, .b = {1, 128},
              .cfg = config{.block = {128, 128, 128}, .cluster = {2, 1}, .store_columns = 32, .store_buffers = 1}, .in_place = true},
    // 92.0 us; the model's choice takes 2.2 % longer
    tuned_row{.m_max = 7168, .n = 4096, .k = 2048,
              .cfg = config{.block = {128, 128, 128}, .promote = promotion::deferred}},
    // 9.3 us; the model's choice takes 1.4 % longer
    tuned_row{.m_max = 64, .n = 32768, .k = 512,
              .cfg = config{.block = {64, 128, 128}, .stages = 5, .math_warpgroups = 1, .store_columns = 64, .store_buffers = 2, .promote = promotion::deferred}},
    // 12.4 us; the model's choice takes 1.8 % longer
    tuned_row{.m_max = 64, .n = 4096, .k = 7168,
              .cfg = config{.block = {64, 64, 128}, .stages = 13, .math_warpgroups = 1, .store_columns = 64, .store_buffers = 1, .promote = promotion::deferred}},
    // 22.8 us; the model's choice takes 1.5 % longer
    tuned_row{.m_max = 1, .n = 24576, .k = 1536, .accumulate = true, .b = {},
              .cfg = config{.block = {64, 64, 64}, .math_warpgroups = 1, .promote = promotion::never}, .type = dtype::bf16},
    // 61.5 us; the model's choice takes 1.8 % longer
    tuned_row{.m_max = 1, .n = 7168, .k = 16384, .b = {},
              .cfg = config{.block = {64, 64, 64}, .math_warpgroups = 1, .promote = promotion::never}, .type = dtype::bf16},
    // 62.1 us; the model's choice takes 1.8 % longer
    tuned_row{.m_max = 1, .n = 7168, .k = 16384, .accumulate = true, .b = {},
              .cfg = config{.block = {64, 64, 64}, .math_warpgroups = 1, .promote = promotion::never}, .type = dtype::bf16},
    // 11.0 us; the model's choice takes 2.0 % longer
    tuned_row{.m_max = 1, .n = 7168, .k = 2048, .b = {},
              .cfg = config{.block = {8, 64, 64}, .stages = 12, .math_warpgroups = 1, .swap = true, .promote = promotion::never}, .type = dtype::bf16},
    // 15.0 us; the model's choice takes 2.8 % longer
    tuned_row{.m_max = 128, .n = 32768, .k = 512, .b = {},
              .cfg = config{.block = {128, 128, 64}, .promote = promotion::never}, .type = dtype::bf16},
    // 491.5 us; the model's choice takes 3.0 % longer
    tuned_row{.m_max = 128, .n = 129280, .k = 7168, .d = dtype::f32, .b = {},
              .cfg = config{.block = {64, 128, 64}, .math_warpgroups = 1, .promote = promotion::never}, .type = dtype::bf16},
    // 151.4 us; the model's choice takes 1.9 % longer
    tuned_row{.m_max = 4096, .n = 7168, .k = 2048, .b = {},
              .cfg = config{.block = {128, 160, 64}, .cluster = {2, 1}, .alternate = true, .promote = promotion::never}, .type = dtype::bf16},
    // 162.7 us; the model's choice takes 1.3 % longer
    tuned_row{.m_max = 4096, .n = 7168, .k = 2048, .accumulate = true, .b = {},
              .cfg = config{.block = {128, 160, 64}, .cluster = {2, 1}, .alternate = true, .promote = promotion::never}, .type = dtype::bf16},
}};
// clang-format on

}  // namespace deepgemm
