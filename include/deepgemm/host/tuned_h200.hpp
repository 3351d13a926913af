// SPDX-License-Identifier: MIT
// Written by bench/tuned.py: products for which another kernel than the cost model's choice was measured to be the best, by
// more than 1 %, on an H200 with all its multiprocessors.
#pragma once

#include <array>

#include <deepgemm/host/tuned_row.hpp>

namespace deepgemm {

// clang-format off
/// Rows measured on an H200.
inline constexpr std::array<tuned_row, 19> tuned_h200{{
    // 39.4 us; the model's choice takes 1.2 % longer
    tuned_row{.m_max = 1, .n = 7168, .k = 16384,
              .cfg = config{.block = {64, 96, 128}, .math_warpgroups = 1, .promote = promotion::deferred}},
    // 14.8 us; the model's choice takes 15.4 % longer
    tuned_row{.m_max = 1, .n = 4096, .k = 7168,
              .cfg = config{.block = {64, 64, 128}, .math_warpgroups = 1, .promote = promotion::deferred}},
    // 8.7 us; the model's choice takes 1.1 % longer
    tuned_row{.m_max = 1, .n = 7168, .k = 2048,
              .cfg = config{.block = {64, 128, 128}, .math_warpgroups = 1, .promote = promotion::deferred}},
    // 11.1 us; the model's choice takes 4.9 % longer
    tuned_row{.m_max = 128, .n = 32768, .k = 512,
              .cfg = config{.block = {128, 128, 128}, .promote = promotion::deferred}},
    // 29.1 us; the model's choice takes 1.5 % longer
    tuned_row{.m_max = 4096, .n = 576, .k = 7168,
              .cfg = config{.block = {192, 96, 128}, .math_warpgroups = 3}},
    // 37.8 us; the model's choice takes 3.0 % longer
    tuned_row{.m_max = 4096, .n = 7168, .k = 576,
              .cfg = config{.block = {128, 128, 128}, .promote = promotion::deferred}},
    // 372.8 us; the model's choice takes 5.1 % longer
    tuned_row{.m_max = 24576, .n = 4096, .k = 1536, .d = dtype::f32, .accumulate = true, .b = {1, 128},
              .cfg = config{.block = {128, 128, 128}, .store_columns = 32, .store_buffers = 1}, .in_place = true},
    // 303.3 us; the model's choice takes 4.0 % longer
    tuned_row{.m_max = 32768, .n = 4096, .k = 512, .d = dtype::f32, .accumulate = true, .b = {1, 128},
              .cfg = config{.block = {128, 128, 128}, .cluster = {2, 1}, .store_columns = 32, .store_buffers = 4}},
    // 932.0 us; the model's choice takes 1.2 % longer
    tuned_row{.m_max = 7168, .n = 4096, .k = 16384, .d = dtype::f32, .accumulate = true, .b = {1, 128},
              .cfg = config{.block = {192, 96, 128}, .cluster = {1, 2}, .math_warpgroups = 3}, .in_place = true},
    // 148.6 us; the model's choice takes 1.5 % longer
    tuned_row{.m_max = 7168, .n = 4096, .k = 2048, .d = dtype::f32, .accumulate = true, .b = {1, 128},
              .cfg = config{.block = {128, 128, 128}, .store_columns = 32, .store_buffers = 1}, .in_place = true},
    // 10.0 us; the model's choice takes 8.7 % longer
    tuned_row{.m_max = 64, .n = 32768, .k = 512,
              .cfg = config{.block = {64, 128, 128}, .math_warpgroups = 1, .promote = promotion::deferred}},
    // 14.6 us; the model's choice takes 6.2 % longer
    tuned_row{.m_max = 1, .n = 32768, .k = 512, .accumulate = true, .b = {},
              .cfg = config{.block = {64, 128, 64}, .math_warpgroups = 1, .promote = promotion::never}, .type = dtype::bf16},
    // 27.9 us; the model's choice takes 3.1 % longer
    tuned_row{.m_max = 128, .n = 24576, .k = 1536, .b = {},
              .cfg = config{.block = {128, 64, 64}, .promote = promotion::never}, .type = dtype::bf16},
    // 29.7 us; the model's choice takes 1.3 % longer
    tuned_row{.m_max = 128, .n = 24576, .k = 1536, .accumulate = true, .b = {},
              .cfg = config{.block = {128, 64, 64}, .promote = promotion::never}, .type = dtype::bf16},
    // 16.2 us; the model's choice takes 4.1 % longer
    tuned_row{.m_max = 128, .n = 32768, .k = 512, .b = {},
              .cfg = config{.block = {128, 128, 64}, .promote = promotion::never}, .type = dtype::bf16},
    // 18.6 us; the model's choice takes 2.6 % longer
    tuned_row{.m_max = 128, .n = 32768, .k = 512, .accumulate = true, .b = {},
              .cfg = config{.block = {128, 128, 64}, .promote = promotion::never}, .type = dtype::bf16},
    // 13.6 us; the model's choice takes 1.4 % longer
    tuned_row{.m_max = 128, .n = 7168, .k = 2048, .b = {},
              .cfg = config{.block = {128, 64, 64}, .promote = promotion::never}, .type = dtype::bf16},
    // 225.0 us; the model's choice takes 1.7 % longer
    tuned_row{.m_max = 4096, .n = 32768, .k = 512, .accumulate = true, .b = {},
              .cfg = config{.block = {128, 128, 64}, .cluster = {2, 1}, .alternate = true, .promote = promotion::never}, .type = dtype::bf16},
    // 10779.9 us; the model's choice takes 2.3 % longer
    tuned_row{.m_max = 129280, .n = 4096, .k = 7168, .b = {},
              .cfg = config{.block = {128, 192, 64}, .alternate = true, .promote = promotion::never}, .type = dtype::bf16, .a_contiguous = major::mn, .b_contiguous = major::mn},
}};
// clang-format on

}  // namespace deepgemm
