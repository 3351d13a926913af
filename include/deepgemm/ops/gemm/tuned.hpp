// SPDX-License-Identifier: MIT
// Configurations that were measured to be best. The planner looks here before it asks the cost model. A row is skipped if the
// program has not instantiated its configuration.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include <deepgemm/host/device.hpp>
#include <deepgemm/ops/gemm/problem.hpp>
#include <deepgemm/ops/gemm/tuned_h100.hpp>
#include <deepgemm/ops/gemm/tuned_h200.hpp>

namespace deepgemm {

namespace detail {

/// True if an H100 moves a product's operands and D in less than half the time that it multiplies. Such a product is about as
/// fast on a GPU with the same multiprocessors and faster memory.
constexpr bool bound_by_multiplying(const gemm_tuned_row& row) {
    const double m = row.m_max, n = row.n, k = row.k, element = size_of(row.type);
    const double bytes = (m + n) * k * element + m * n * size_of(row.d) * (row.accumulate ? 2 : 1);
    const double operations_per_byte = 460 / element;  // 1400 or 700 TFLOPS, 3 TB/s
    return 2 * m * n * k > 2 * operations_per_byte * bytes;
}

/// True if an H100 takes over a row of an H200's. For 16-bit products the H100 was raced separately; no row there means that
/// the model's choice was already best. Back to back, the boards' power limits and memories decide too much.
constexpr bool holds_on_h100(const gemm_tuned_row& row) {
    return size_of(row.type) == 1 && row.objective == objective_kind::latency && bound_by_multiplying(row);
}

/// The rows measured on an H100, then those taken over from an H200: their choices, but not their times.
inline constexpr auto tuned_for_h100 = [] {
    constexpr auto taken_over = std::count_if(tuned_h200.begin(), tuned_h200.end(), holds_on_h100);
    std::array<gemm_tuned_row, tuned_h100.size() + taken_over> rows{};
    const auto rest = std::copy(tuned_h100.begin(), tuned_h100.end(), rows.begin());
    std::copy_if(tuned_h200.begin(), tuned_h200.end(), rest, holds_on_h100);
    std::for_each(rest, rows.end(), [](gemm_tuned_row& row) { row.us = 0; });
    return rows;
}();

/// The tile that a row names for an operand: that of scales of rows for all whose scales hold for all of K, or that have none,
/// since the same kernels multiply them in the same time.
constexpr scale_tile tile_of(const operand_info& x) {
    return scaled_at_end(x) ? scale_tile{1, scale_tile::all} : x.tile;
}

}  // namespace detail

/// The rows for a device; none if it was not measured.
constexpr std::span<const gemm_tuned_row> tuned_rows(const device_info& device) {
    const std::string_view name = device.name;
    const auto is = [&](std::string_view gpu) { return name.find(gpu) != std::string_view::npos; };
    if (device.sm_count != 132) return {};  // all rows were measured with all multiprocessors of a whole GPU
    if (is("H200") && !is("GH200")) return tuned_h200;
    if (is("H100")) return detail::tuned_for_h100;
    return {};
}

/// The row that applies to a workload and was tuned for an objective; null if there is none.
constexpr const gemm_tuned_row* find_tuned(std::span<const gemm_tuned_row> rows, const gemm_workload& work,
                                           objective_kind objective = objective_kind::latency) {
    const gemm_tuned_row* best = nullptr;
    for (const gemm_tuned_row& row : rows) {
        const bool same_operands = row.type == work.a.type && row.type == work.b.type &&
                                   row.b == detail::tile_of(work.b) && row.a_contiguous == work.a.contiguous &&
                                   row.b_contiguous == work.b.contiguous;
        const bool same_c = row.accumulate == work.accumulate && (!row.in_place || work.in_place);
        const bool matches = row.objective == objective && row.n == work.shape.n && row.k == work.shape.k &&
                             row.d == work.d && same_c && same_operands && !work.heads.any() && !work.epilogue.any() &&
                             !work.promoted && work.shape.m <= row.m_max && row.m_max - work.shape.m <= row.m_max / 16;
        if (matches && (best == nullptr || row.m_max < best->m_max)) best = &row;
    }
    return best;
}

}  // namespace deepgemm
