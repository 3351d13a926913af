// SPDX-License-Identifier: MIT
// Written by bench/tuned.py: products for which another kernel than the cost model's choice was measured to be the best, by
// more than 1 %, on an H100 with all its multiprocessors.
#pragma once

#include <array>

#include <deepgemm/ops/gemm/tuned_row.hpp>

namespace deepgemm {

// clang-format off
/// Rows measured on an H100.
inline constexpr std::array<gemm_tuned_row, 6> tuned_h100{{
    // 20.6 us; the model's choice takes 2.3 % longer
    gemm_tuned_row{.m_max = 128, .n = 32768, .k = 512, .b = {},
              .cfg = config{.block = {128, 128, 64}, .sm90 = {.promote = promotion::never}}, .type = dtype::bf16,
              .us = 20.58f, .model = {.cfg = config{.block = {128, 64, 64}, .sm90 = {.promote = promotion::never}}, .us = 21.06f}},
    // 56.9 us; the model's choice takes 16.1 % longer
    gemm_tuned_row{.m_max = 4096, .n = 576, .k = 7168, .b = {},
              .cfg = config{.block = {128, 192, 64}, .sm90 = {.promote = promotion::never}}, .type = dtype::bf16,
              .us = 56.93f, .model = {.cfg = config{.block = {128, 160, 64}, .cluster = {2, 1}, .sm90 = {.alternate = true, .promote = promotion::never}}, .us = 66.11f}},
    // 382.1 us; the model's choice takes 1.7 % longer
    gemm_tuned_row{.m_max = 4096, .n = 24576, .k = 1536, .b = {},
              .cfg = config{.block = {128, 192, 64}, .cluster = {2, 1}, .sm90 = {.alternate = true, .promote = promotion::never}}, .type = dtype::bf16,
              .us = 382.12f, .model = {.cfg = config{.block = {128, 176, 64}, .sm90 = {.alternate = true, .promote = promotion::never}}, .us = 388.74f}},
    // 154.9 us; the model's choice takes 3.2 % longer
    gemm_tuned_row{.m_max = 4096, .n = 7168, .k = 2048, .b = {},
              .cfg = config{.block = {128, 256, 64}, .raster_rows = 16, .sm90 = {.promote = promotion::never}}, .type = dtype::bf16,
              .us = 154.95f, .model = {.cfg = config{.block = {128, 176, 64}, .sm90 = {.alternate = true, .promote = promotion::never}}, .us = 159.97f}},
    // 519.5 us; the model's choice takes 6.1 % longer
    gemm_tuned_row{.m_max = 24576, .n = 4096, .k = 1536, .d = dtype::f32, .accumulate = true, .b = {},
              .cfg = config{.block = {128, 192, 64}, .sm90 = {.alternate = true, .promote = promotion::never}}, .type = dtype::bf16, .a_contiguous = major::mn, .b_contiguous = major::mn, .in_place = true,
              .us = 519.47f, .model = {.cfg = config{.block = {128, 128, 64}, .cluster = {2, 1}, .sm90 = {.alternate = true, .promote = promotion::never}}, .us = 551.27f}},
    // 187.4 us; the model's choice takes 11.9 % longer
    gemm_tuned_row{.m_max = 7168, .n = 4096, .k = 2048, .d = dtype::f32, .accumulate = true, .b = {},
              .cfg = config{.block = {128, 192, 64}, .sm90 = {.alternate = true, .promote = promotion::never}}, .type = dtype::bf16, .a_contiguous = major::mn, .b_contiguous = major::mn, .in_place = true,
              .us = 187.40f, .model = {.cfg = config{.block = {128, 128, 64}, .cluster = {2, 1}, .sm90 = {.alternate = true, .promote = promotion::never}}, .us = 209.64f}},
}};
// clang-format on

}  // namespace deepgemm
