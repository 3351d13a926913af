// SPDX-License-Identifier: MIT
// Products for which cuBLASLt was measured to be faster than our kernel, on one GPU in one run: of BF16, and of FP8 with scales
// that hold for all of K, which both summed in the tensor cores alone. The rows are written by bench/cublaslt_times.py. Needs
// no CUDA; ops/gemm/cublaslt.hpp makes a choice of it.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/ops/gemm/operation.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// Times of one product, which adds to D where it has C; for that product alone.
struct beside_cublaslt {
    problem_shape shape;
    operand_info a, b;
    dtype d;
    bool accumulate;
    objective_kind objective;
    side_by_side<ops::gemm> times;
};

namespace detail {

/// Operands of the rows: BF16 contiguous along `of`, and FP8 with a scale for each row or one for all.
constexpr operand_info bf16_along(major of) { return {dtype::bf16, scale_kind::none, {}, of}; }
inline constexpr operand_info fp8_by_row{dtype::e4m3, scale_kind::fp32, {1, scale_tile::all}};
inline constexpr operand_info fp8_by_tensor{dtype::e4m3, scale_kind::fp32, {scale_tile::all, scale_tile::all}};

}  // namespace detail

// clang-format off
/// Rows measured on an H200.
// h200: begin
inline constexpr std::array<beside_cublaslt, 32> beside_cublaslt_h200{{
    {{1, 129280, 7168}, detail::bf16_along(major::k), detail::bf16_along(major::k), dtype::f32, false, objective_kind::latency,
     {config{.block = {64, 128, 64}, .stages = 8, .store_columns = 32, .store_buffers = 4, .sm90 = {.warpgroups = 1, .promote = promotion::never}}, 445.12, 415.33}},
    {{128, 129280, 7168}, detail::bf16_along(major::k), detail::bf16_along(major::k), dtype::f32, false, objective_kind::latency,
     {config{.block = {64, 128, 64}, .stages = 8, .store_columns = 32, .store_buffers = 4, .sm90 = {.warpgroups = 1, .promote = promotion::never}}, 489.11, 470.64}},
    {{4096, 2112, 7168}, detail::bf16_along(major::k), detail::bf16_along(major::k), dtype::bf16, false, objective_kind::latency,
     {config{.block = {128, 176, 64}, .stages = 4, .store_columns = 16, .store_buffers = 11, .sm90 = {.alternate = true, .promote = promotion::never}}, 157.22, 152.11}},
    {{4096, 2112, 7168}, detail::bf16_along(major::k), detail::bf16_along(major::k), dtype::bf16, true, objective_kind::latency,
     {config{.block = {128, 176, 64}, .stages = 5, .cluster = {2, 1}, .store_columns = 16, .store_buffers = 1, .sm90 = {.alternate = true, .promote = promotion::never}}, 167.54, 157.44}},
    {{4096, 576, 7168}, detail::bf16_along(major::k), detail::bf16_along(major::k), dtype::bf16, false, objective_kind::latency,
     {config{.block = {128, 144, 64}, .stages = 6, .cluster = {1, 2}, .store_columns = 16, .store_buffers = 1, .sm90 = {.promote = promotion::never}}, 47.18, 45.36}},
    {{4096, 576, 7168}, detail::bf16_along(major::k), detail::bf16_along(major::k), dtype::bf16, true, objective_kind::latency,
     {config{.block = {128, 144, 64}, .stages = 5, .cluster = {1, 2}, .store_columns = 16, .store_buffers = 9, .sm90 = {.promote = promotion::never}}, 48.37, 44.58}},
    {{4096, 7168, 16384}, detail::bf16_along(major::k), detail::bf16_along(major::k), dtype::bf16, true, objective_kind::latency,
     {config{.block = {128, 256, 64}, .stages = 4, .store_columns = 64, .store_buffers = 2, .sm90 = {.promote = promotion::never}}, 1200.81, 1167.42}},
    {{4096, 4096, 7168}, detail::bf16_along(major::k), detail::bf16_along(major::k), dtype::bf16, true, objective_kind::latency,
     {config{.block = {128, 256, 64}, .stages = 4, .store_columns = 64, .store_buffers = 2, .sm90 = {.promote = promotion::never}}, 305.68, 294.96}},
    {{256, 4096, 7168}, detail::bf16_along(major::mn), detail::bf16_along(major::mn), dtype::bf16, false, objective_kind::latency,
     {config{.block = {128, 64, 64}, .stages = 8, .store_columns = 64, .store_buffers = 1, .sm90 = {.promote = promotion::never}}, 29.90, 29.23}},
    {{4096, 7168, 2112}, detail::fp8_by_row, detail::fp8_by_row, dtype::bf16, false, objective_kind::latency,
     {config{.block = {128, 160, 128}, .stages = 5, .cluster = {2, 1}, .store_columns = 32, .store_buffers = 5, .sm90 = {.alternate = true, .promote = promotion::never}}, 89.63, 85.81}},
    {{24576, 4096, 1536}, detail::fp8_by_row, detail::fp8_by_row, dtype::f32, true, objective_kind::latency,
     {config{.block = {128, 192, 128}, .stages = 5, .store_columns = 32, .store_buffers = 1, .sm90 = {.alternate = true, .promote = promotion::never}}, 360.72, 322.67}},
    {{4096, 512, 32768}, detail::fp8_by_row, detail::fp8_by_row, dtype::bf16, false, objective_kind::latency,
     {config{.block = {128, 128, 128}, .stages = 6, .store_columns = 64, .store_buffers = 2, .sm90 = {.promote = promotion::never}}, 94.59, 91.47}},
    {{4096, 4096, 7168}, detail::fp8_by_row, detail::fp8_by_row, dtype::f32, true, objective_kind::latency,
     {config{.block = {128, 256, 128}, .stages = 4, .store_columns = 32, .store_buffers = 2, .sm90 = {.promote = promotion::never}}, 174.53, 164.93}},
    {{7168, 4096, 2048}, detail::fp8_by_row, detail::fp8_by_row, dtype::f32, true, objective_kind::latency,
     {config{.block = {128, 192, 128}, .stages = 5, .store_columns = 32, .store_buffers = 1, .sm90 = {.alternate = true, .promote = promotion::never}}, 118.94, 110.02}},
    {{7168, 4096, 2048}, detail::fp8_by_row, detail::fp8_by_row, dtype::bf16, false, objective_kind::latency,
     {config{.block = {128, 128, 128}, .stages = 6, .store_columns = 64, .store_buffers = 2, .sm90 = {.alternate = true, .promote = promotion::never}}, 82.00, 80.03}},
    {{4096, 2112, 7168}, detail::fp8_by_tensor, detail::fp8_by_tensor, dtype::bf16, false, objective_kind::latency,
     {config{.block = {192, 176, 128}, .stages = 4, .store_columns = 16, .store_buffers = 6, .sm90 = {.warpgroups = 3, .promote = promotion::never}}, 83.36, 80.46}},
    {{4096, 512, 32768}, detail::fp8_by_tensor, detail::fp8_by_tensor, dtype::bf16, false, objective_kind::latency,
     {config{.block = {128, 128, 128}, .stages = 6, .store_columns = 64, .store_buffers = 2, .sm90 = {.promote = promotion::never}}, 97.89, 91.04}},
    {{1, 129280, 7168}, detail::bf16_along(major::k), detail::bf16_along(major::k), dtype::f32, false, objective_kind::sustained,
     {config{.block = {64, 128, 64}, .stages = 8, .store_columns = 32, .store_buffers = 4, .sm90 = {.warpgroups = 1, .promote = promotion::never}}, 423.63, 408.20}},
    {{128, 129280, 7168}, detail::bf16_along(major::k), detail::bf16_along(major::k), dtype::f32, false, objective_kind::sustained,
     {config{.block = {64, 128, 64}, .stages = 8, .store_columns = 32, .store_buffers = 4, .sm90 = {.warpgroups = 1, .promote = promotion::never}}, 534.44, 481.65}},
    {{4096, 2112, 7168}, detail::bf16_along(major::k), detail::bf16_along(major::k), dtype::bf16, false, objective_kind::sustained,
     {config{.block = {128, 176, 64}, .stages = 4, .store_columns = 16, .store_buffers = 11, .sm90 = {.alternate = true, .promote = promotion::never}}, 190.87, 185.98}},
    {{4096, 2112, 7168}, detail::bf16_along(major::k), detail::bf16_along(major::k), dtype::bf16, true, objective_kind::sustained,
     {config{.block = {128, 176, 64}, .stages = 5, .cluster = {2, 1}, .store_columns = 16, .store_buffers = 1, .sm90 = {.alternate = true, .promote = promotion::never}}, 196.91, 186.25}},
    {{4096, 7168, 16384}, detail::bf16_along(major::k), detail::bf16_along(major::k), dtype::bf16, true, objective_kind::sustained,
     {config{.block = {128, 256, 64}, .stages = 4, .store_columns = 64, .store_buffers = 2, .sm90 = {.promote = promotion::never}}, 1462.42, 1395.68}},
    {{4096, 4096, 7168}, detail::bf16_along(major::k), detail::bf16_along(major::k), dtype::bf16, true, objective_kind::sustained,
     {config{.block = {128, 256, 64}, .stages = 4, .store_columns = 64, .store_buffers = 2, .sm90 = {.promote = promotion::never}}, 371.07, 354.35}},
    {{4096, 7168, 2048}, detail::bf16_along(major::k), detail::bf16_along(major::k), dtype::bf16, false, objective_kind::sustained,
     {config{.block = {128, 160, 64}, .stages = 6, .cluster = {2, 1}, .store_columns = 32, .store_buffers = 1, .sm90 = {.alternate = true, .promote = promotion::never}}, 186.10, 181.17}},
    {{4096, 7168, 2048}, detail::bf16_along(major::k), detail::bf16_along(major::k), dtype::bf16, true, objective_kind::sustained,
     {config{.block = {128, 160, 64}, .stages = 5, .cluster = {2, 1}, .store_columns = 32, .store_buffers = 5, .sm90 = {.alternate = true, .promote = promotion::never}}, 196.25, 186.03}},
    {{4096, 7168, 2112}, detail::bf16_along(major::k), detail::bf16_along(major::mn), dtype::bf16, false, objective_kind::sustained,
     {config{.block = {128, 256, 64}, .stages = 4, .raster_rows = 16, .store_columns = 64, .store_buffers = 2, .sm90 = {.promote = promotion::never}}, 192.55, 188.50}},
    {{7168, 4096, 16384}, detail::bf16_along(major::mn), detail::bf16_along(major::mn), dtype::f32, true, objective_kind::sustained,
     {config{.block = {128, 256, 64}, .stages = 4, .store_columns = 32, .store_buffers = 2, .sm90 = {.promote = promotion::never}}, 1466.15, 1425.23}},
    {{7168, 4096, 16384}, detail::bf16_along(major::mn), detail::bf16_along(major::mn), dtype::bf16, false, objective_kind::sustained,
     {config{.block = {128, 256, 64}, .stages = 4, .raster_rows = 16, .store_columns = 64, .store_buffers = 2, .sm90 = {.promote = promotion::never}}, 1425.39, 1394.62}},
    {{4096, 7168, 4096}, detail::bf16_along(major::k), detail::bf16_along(major::mn), dtype::bf16, false, objective_kind::sustained,
     {config{.block = {128, 256, 64}, .stages = 4, .raster_rows = 16, .store_columns = 64, .store_buffers = 2, .sm90 = {.promote = promotion::never}}, 366.27, 357.92}},
    {{4096, 4096, 7168}, detail::bf16_along(major::mn), detail::bf16_along(major::mn), dtype::f32, true, objective_kind::sustained,
     {config{.block = {128, 256, 64}, .stages = 4, .store_columns = 32, .store_buffers = 2, .sm90 = {.promote = promotion::never}}, 375.68, 367.95}},
    {{4096, 2048, 7168}, detail::bf16_along(major::k), detail::bf16_along(major::mn), dtype::bf16, false, objective_kind::sustained,
     {config{.block = {128, 256, 64}, .stages = 4, .raster_rows = 16, .store_columns = 64, .store_buffers = 2, .sm90 = {.promote = promotion::never}}, 181.09, 174.45}},
    {{7168, 4096, 2048}, detail::bf16_along(major::mn), detail::bf16_along(major::mn), dtype::bf16, false, objective_kind::sustained,
     {config{.block = {128, 256, 64}, .stages = 4, .raster_rows = 16, .store_columns = 64, .store_buffers = 2, .sm90 = {.promote = promotion::never}}, 188.62, 183.36}},
}};
// h200: end
// clang-format on

/// The times of cuBLASLt and of our kernel for a product on a device; nothing if they were not measured, or if cuBLASLt was not
/// faster. A C that is not D counts as none, since cuBLASLt would have to copy it first.
inline std::optional<side_by_side<ops::gemm>> measured_beside_cublaslt(const gemm_workload& work,
                                                                       const device_info& device,
                                                                       objective_kind objective) {
    const std::string_view gpu = device.name;
    if (gpu.find("H200") == gpu.npos || gpu.find("GH200") != gpu.npos || device.sm_count != 132) return {};
    if (work.heads.any() || work.epilogue.any() || work.accumulate != work.in_place) return {};
    if (work.promoted) return {};
    for (const beside_cublaslt& row : beside_cublaslt_h200) {
        const bool same_shape =
            row.shape.m == work.shape.m && row.shape.n == work.shape.n && row.shape.k == work.shape.k;
        if (same_shape && work.a == row.a && work.b == row.b && row.d == work.d && row.accumulate == work.accumulate &&
            row.objective == objective)
            return row.times;
    }
    return {};
}

}  // namespace deepgemm
