// SPDX-License-Identifier: MIT
// Written by bench/tuned.py: products for which another kernel than the cost model's choice was measured to be the best, by
// more than 1 %, on an H200 with all its multiprocessors.
#pragma once

#include <array>

#include <deepgemm/ops/gemm/tuned_row.hpp>

namespace deepgemm {

// clang-format off
/// Rows measured on an H200.
inline constexpr std::array<gemm_tuned_row, 33> tuned_h200{{
    // 8.4 us; the model's choice takes 3.5 % longer
    gemm_tuned_row{.m_max = 1, .n = 32768, .k = 512,
              .cfg = config{.block = {8, 128, 128}, .swap = true, .sm90 = {.promote = promotion::deferred}},
              .us = 8.35f, .model = {.cfg = config{.block = {8, 64, 128}, .stages = 8, .swap = true, .sm90 = {.warpgroups = 1, .promote = promotion::deferred}}, .us = 8.64f}},
    // 15.8 us; the model's choice takes 2.4 % longer
    gemm_tuned_row{.m_max = 128, .n = 24576, .k = 1536,
              .cfg = config{.block = {128, 64, 128}, .sm90 = {.promote = promotion::deferred}},
              .us = 15.84f, .model = {.cfg = config{.block = {128, 96, 128}}, .us = 16.22f}},
    // 10.4 us; the model's choice takes 10.8 % longer
    gemm_tuned_row{.m_max = 128, .n = 32768, .k = 512,
              .cfg = config{.block = {128, 128, 128}, .sm90 = {.promote = promotion::deferred}},
              .us = 10.40f, .model = {.cfg = config{.block = {128, 64, 128}}, .us = 11.52f}},
    // 92.3 us; the model's choice takes 2.3 % longer
    gemm_tuned_row{.m_max = 4096, .n = 7168, .k = 2048,
              .cfg = config{.block = {128, 128, 128}, .sm90 = {.promote = promotion::deferred}},
              .us = 92.25f, .model = {.cfg = config{.block = {128, 160, 128}}, .us = 94.41f}},
    // 99.6 us; the model's choice takes 1.5 % longer
    gemm_tuned_row{.m_max = 4096, .n = 7168, .k = 2112,
              .cfg = config{.block = {256, 128, 128}, .cluster = {1, 2}},
              .us = 99.65f, .model = {.cfg = config{.block = {192, 128, 128}, .cluster = {1, 2}, .sm90 = {.warpgroups = 3}}, .us = 101.12f}},
    // 132.6 us; the model's choice takes 3.1 % longer
    gemm_tuned_row{.m_max = 2112, .n = 4096, .k = 7168, .d = dtype::f32, .accumulate = true, .b = {1, 128},
              .cfg = config{.block = {256, 96, 128}, .cluster = {1, 2}}, .in_place = true,
              .us = 132.57f, .model = {.cfg = config{.block = {192, 96, 128}, .store_columns = 32, .store_buffers = 1, .sm90 = {.warpgroups = 3}}, .in_place = true, .us = 136.65f}},
    // 92.2 us; the model's choice takes 1.6 % longer
    gemm_tuned_row{.m_max = 2112, .n = 4096, .k = 7168,
              .cfg = config{.block = {192, 128, 128}, .sm90 = {.warpgroups = 3}},
              .us = 92.22f, .model = {.cfg = config{.block = {192, 128, 128}, .cluster = {1, 2}, .sm90 = {.warpgroups = 3}}, .us = 93.69f}},
    // 36.6 us; the model's choice takes 2.2 % longer
    gemm_tuned_row{.m_max = 4096, .n = 7168, .k = 576,
              .cfg = config{.block = {128, 128, 128}, .sm90 = {.promote = promotion::deferred}},
              .us = 36.64f, .model = {.cfg = config{.block = {128, 128, 128}, .cluster = {2, 1}, .sm90 = {.promote = promotion::deferred}}, .us = 37.44f}},
    // 372.2 us; the model's choice takes 10.6 % longer
    gemm_tuned_row{.m_max = 24576, .n = 4096, .k = 1536, .d = dtype::f32, .accumulate = true, .b = {1, 128},
              .cfg = config{.block = {128, 128, 128}, .cluster = {2, 1}, .store_columns = 32, .store_buffers = 1}, .in_place = true,
              .us = 372.19f, .model = {.cfg = config{.block = {128, 160, 128}}, .in_place = true, .us = 411.58f}},
    // 100.9 us; the model's choice takes 1.1 % longer
    gemm_tuned_row{.m_max = 4096, .n = 512, .k = 32768,
              .cfg = config{.block = {128, 128, 128}},
              .us = 100.89f, .model = {.cfg = config{.block = {128, 128, 128}, .sm90 = {.promote = promotion::deferred}}, .us = 102.03f}},
    // 300.3 us; the model's choice takes 3.9 % longer
    gemm_tuned_row{.m_max = 32768, .n = 4096, .k = 512, .d = dtype::f32, .accumulate = true, .b = {1, 128},
              .cfg = config{.block = {128, 128, 128}, .cluster = {2, 1}, .store_columns = 32, .store_buffers = 4},
              .us = 300.29f, .model = {.cfg = config{.block = {192, 96, 128}, .store_columns = 32, .store_buffers = 3, .sm90 = {.warpgroups = 3}}, .us = 311.97f}},
    // 676.4 us; the model's choice takes 1.0 % longer
    gemm_tuned_row{.m_max = 4096, .n = 16384, .k = 7168,
              .cfg = config{.block = {256, 128, 128}, .cluster = {1, 2}},
              .us = 676.44f, .model = {.cfg = config{.block = {128, 192, 128}}, .us = 683.45f}},
    // 171.5 us; the model's choice takes 2.4 % longer
    gemm_tuned_row{.m_max = 4096, .n = 7168, .k = 4096,
              .cfg = config{.block = {256, 128, 128}, .cluster = {1, 2}},
              .us = 171.46f, .model = {.cfg = config{.block = {128, 160, 128}}, .us = 175.48f}},
    // 148.5 us; the model's choice takes 5.2 % longer
    gemm_tuned_row{.m_max = 7168, .n = 4096, .k = 2048, .d = dtype::f32, .accumulate = true, .b = {1, 128},
              .cfg = config{.block = {128, 128, 128}, .cluster = {2, 1}, .store_columns = 32, .store_buffers = 1}, .in_place = true,
              .us = 148.51f, .model = {.cfg = config{.block = {256, 112, 128}}, .in_place = true, .us = 156.22f}},
    // 92.0 us; the model's choice takes 2.2 % longer
    gemm_tuned_row{.m_max = 7168, .n = 4096, .k = 2048,
              .cfg = config{.block = {128, 128, 128}, .sm90 = {.promote = promotion::deferred}},
              .us = 91.97f, .model = {.cfg = config{.block = {192, 128, 128}, .cluster = {1, 2}, .sm90 = {.warpgroups = 3}}, .us = 93.95f}},
    // 9.3 us; the model's choice takes 1.4 % longer
    gemm_tuned_row{.m_max = 64, .n = 32768, .k = 512,
              .cfg = config{.block = {64, 128, 128}, .stages = 5, .store_columns = 64, .store_buffers = 2, .sm90 = {.warpgroups = 1, .promote = promotion::deferred}},
              .us = 9.28f, .model = {.cfg = config{.block = {64, 64, 128}, .stages = 8, .store_columns = 64, .store_buffers = 1, .sm90 = {.warpgroups = 1, .promote = promotion::deferred}}, .us = 9.41f}},
    // 12.4 us; the model's choice takes 1.8 % longer
    gemm_tuned_row{.m_max = 64, .n = 4096, .k = 7168,
              .cfg = config{.block = {64, 64, 128}, .stages = 13, .store_columns = 64, .store_buffers = 1, .sm90 = {.warpgroups = 1, .promote = promotion::deferred}},
              .us = 12.45f, .model = {.cfg = config{.block = {64, 32, 128}, .sm90 = {.warpgroups = 1, .promote = promotion::deferred}}, .us = 12.67f}},
    // 33.2 us; the model's choice takes 2.3 % longer
    gemm_tuned_row{.m_max = 1, .n = 7168, .k = 16384, .b = {1, 0},
              .cfg = config{.block = {16, 64, 128}, .swap = true, .sm90 = {.warpgroups = 1, .promote = promotion::never}},
              .us = 33.20f, .model = {.cfg = config{.block = {8, 64, 128}, .stages = 12, .swap = true, .sm90 = {.warpgroups = 1, .promote = promotion::never}}, .us = 33.95f}},
    // 9.9 us; the model's choice takes 9.9 % longer
    gemm_tuned_row{.m_max = 128, .n = 32768, .k = 512, .b = {1, 0},
              .cfg = config{.block = {128, 64, 128}, .sm90 = {.alternate = true, .promote = promotion::never}},
              .us = 9.87f, .model = {.cfg = config{.block = {128, 64, 128}, .sm90 = {.promote = promotion::never}}, .us = 10.85f}},
    // 37.2 us; the model's choice takes 1.4 % longer
    gemm_tuned_row{.m_max = 128, .n = 7168, .k = 16384, .b = {1, 0},
              .cfg = config{.block = {128, 64, 128}, .sm90 = {.alternate = true, .promote = promotion::never}},
              .us = 37.22f, .model = {.cfg = config{.block = {128, 64, 128}, .sm90 = {.promote = promotion::never}}, .us = 37.74f}},
    // 122.0 us; the model's choice takes 3.8 % longer
    gemm_tuned_row{.m_max = 4096, .n = 32768, .k = 512, .b = {1, 0},
              .cfg = config{.block = {128, 192, 128}, .store_columns = 64, .store_buffers = 2, .sm90 = {.alternate = true, .promote = promotion::never}},
              .us = 121.95f, .model = {.cfg = config{.block = {128, 128, 128}, .store_columns = 64, .store_buffers = 4, .sm90 = {.alternate = true, .promote = promotion::never}}, .us = 126.53f}},
    // 34.5 us; the model's choice takes 7.9 % longer
    gemm_tuned_row{.m_max = 4096, .n = 7168, .k = 576, .b = {1, 0},
              .cfg = config{.block = {128, 192, 128}, .store_columns = 64, .store_buffers = 2, .sm90 = {.alternate = true, .promote = promotion::never}},
              .us = 34.53f, .model = {.cfg = config{.block = {128, 160, 128}, .cluster = {2, 1}, .sm90 = {.alternate = true, .promote = promotion::never}}, .us = 37.25f}},
    // 122.9 us; the model's choice takes 2.3 % longer
    gemm_tuned_row{.m_max = 32768, .n = 4096, .k = 512, .b = {1, 0},
              .cfg = config{.block = {128, 192, 128}, .store_columns = 64, .store_buffers = 2, .sm90 = {.alternate = true, .promote = promotion::never}},
              .us = 122.91f, .model = {.cfg = config{.block = {128, 128, 128}, .store_columns = 64, .store_buffers = 4, .sm90 = {.alternate = true, .promote = promotion::never}}, .us = 125.71f}},
    // 83.7 us; the model's choice takes 2.4 % longer
    gemm_tuned_row{.m_max = 7168, .n = 4096, .k = 2048, .b = {1, 0},
              .cfg = config{.block = {128, 128, 128}, .store_columns = 64, .store_buffers = 2, .sm90 = {.alternate = true, .promote = promotion::never}},
              .us = 83.68f, .model = {.cfg = config{.block = {128, 192, 128}, .store_columns = 64, .store_buffers = 2, .sm90 = {.alternate = true, .promote = promotion::never}}, .us = 85.71f}},
    // 22.8 us; the model's choice takes 1.5 % longer
    gemm_tuned_row{.m_max = 1, .n = 24576, .k = 1536, .accumulate = true, .b = {},
              .cfg = config{.block = {64, 64, 64}, .sm90 = {.warpgroups = 1, .promote = promotion::never}}, .type = dtype::bf16,
              .us = 22.75f, .model = {.cfg = config{.block = {8, 64, 64}, .stages = 8, .swap = true, .sm90 = {.warpgroups = 1, .promote = promotion::never}}, .us = 23.10f}},
    // 61.5 us; the model's choice takes 1.8 % longer
    gemm_tuned_row{.m_max = 1, .n = 7168, .k = 16384, .b = {},
              .cfg = config{.block = {64, 64, 64}, .sm90 = {.warpgroups = 1, .promote = promotion::never}}, .type = dtype::bf16,
              .us = 61.47f, .model = {.cfg = config{.block = {8, 64, 64}, .stages = 12, .swap = true, .sm90 = {.warpgroups = 1, .promote = promotion::never}}, .us = 62.56f}},
    // 62.1 us; the model's choice takes 1.8 % longer
    gemm_tuned_row{.m_max = 1, .n = 7168, .k = 16384, .accumulate = true, .b = {},
              .cfg = config{.block = {64, 64, 64}, .sm90 = {.warpgroups = 1, .promote = promotion::never}}, .type = dtype::bf16,
              .us = 62.11f, .model = {.cfg = config{.block = {8, 64, 64}, .stages = 12, .swap = true, .sm90 = {.warpgroups = 1, .promote = promotion::never}}, .us = 63.20f}},
    // 11.0 us; the model's choice takes 2.0 % longer
    gemm_tuned_row{.m_max = 1, .n = 7168, .k = 2048, .b = {},
              .cfg = config{.block = {8, 64, 64}, .stages = 12, .swap = true, .sm90 = {.warpgroups = 1, .promote = promotion::never}}, .type = dtype::bf16,
              .us = 10.98f, .model = {.cfg = config{.block = {8, 64, 64}, .stages = 8, .swap = true, .sm90 = {.warpgroups = 1, .promote = promotion::never}}, .us = 11.20f}},
    // 15.0 us; the model's choice takes 2.7 % longer
    gemm_tuned_row{.m_max = 128, .n = 32768, .k = 512, .b = {},
              .cfg = config{.block = {128, 128, 64}, .sm90 = {.promote = promotion::never}}, .type = dtype::bf16,
              .us = 15.01f, .model = {.cfg = config{.block = {128, 64, 64}, .sm90 = {.promote = promotion::never}}, .us = 15.42f}},
    // 491.5 us; the model's choice takes 3.0 % longer
    gemm_tuned_row{.m_max = 128, .n = 129280, .k = 7168, .d = dtype::f32, .b = {},
              .cfg = config{.block = {64, 128, 64}, .sm90 = {.warpgroups = 1, .promote = promotion::never}}, .type = dtype::bf16,
              .us = 491.49f, .model = {.cfg = config{.block = {128, 256, 64}, .sm90 = {.promote = promotion::never}}, .us = 506.00f}},
    // 151.4 us; the model's choice takes 1.9 % longer
    gemm_tuned_row{.m_max = 4096, .n = 7168, .k = 2048, .b = {},
              .cfg = config{.block = {128, 160, 64}, .cluster = {2, 1}, .sm90 = {.alternate = true, .promote = promotion::never}}, .type = dtype::bf16,
              .us = 151.36f, .model = {.cfg = config{.block = {128, 176, 64}, .sm90 = {.alternate = true, .promote = promotion::never}}, .us = 154.21f}},
    // 162.7 us; the model's choice takes 1.3 % longer
    gemm_tuned_row{.m_max = 4096, .n = 7168, .k = 2048, .accumulate = true, .b = {},
              .cfg = config{.block = {128, 160, 64}, .cluster = {2, 1}, .sm90 = {.alternate = true, .promote = promotion::never}}, .type = dtype::bf16,
              .us = 162.69f, .model = {.cfg = config{.block = {128, 176, 64}, .cluster = {2, 1}, .sm90 = {.alternate = true, .promote = promotion::never}}, .us = 164.77f}},
    // 812.5 us back to back; the model's choice takes 4.0 % longer
    gemm_tuned_row{.m_max = 4096, .n = 16384, .k = 7168,
              .cfg = config{.block = {256, 128, 128}, .cluster = {1, 2}},
              .us = 812.50f, .model = {.cfg = config{.block = {128, 192, 128}}, .us = 845.06f}, .objective = objective_kind::sustained},
}};
// clang-format on

}  // namespace deepgemm
