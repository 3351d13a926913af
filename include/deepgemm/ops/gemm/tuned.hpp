// SPDX-License-Identifier: MIT
// Configurations that were measured to be best, consulted before the cost model. A row that names a configuration which a
// program has not instantiated is passed over.
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

/// True if moving a product's operands and D takes an H100 less than half the time of multiplying, so that the product is about
/// as fast on a GPU that has the same multiprocessors and faster memory.
constexpr bool bound_by_multiplying(const gemm_tuned_row& row) {
    const double m = row.m_max, n = row.n, k = row.k, element = size_of(row.type);
    const double bytes = (m + n) * k * element + m * n * size_of(row.d) * (row.accumulate ? 2 : 1);
    const double operations_per_byte = 460 / element;  // 1400 or 700 TFLOPS, 3 TB/s
    return 2 * m * n * k > 2 * operations_per_byte * bytes;
}

/// Whether an H100 takes over a row of an H200's. Of products of 16 bits it has races of its own, so that one without a row is
/// one whose choice the model gets right.
constexpr bool holds_on_h100(const gemm_tuned_row& row) { return size_of(row.type) == 1 && bound_by_multiplying(row); }

/// What was measured on an H100, then what may be taken over from an H200: the choice, not the times.
inline constexpr auto tuned_for_h100 = [] {
    constexpr auto taken_over = std::count_if(tuned_h200.begin(), tuned_h200.end(), holds_on_h100);
    std::array<gemm_tuned_row, tuned_h100.size() + taken_over> rows{};
    const auto rest = std::copy(tuned_h100.begin(), tuned_h100.end(), rows.begin());
    std::copy_if(tuned_h200.begin(), tuned_h200.end(), rest, holds_on_h100);
    std::for_each(rest, rows.end(), [](gemm_tuned_row& row) { row.us = 0; });
    return rows;
}();

}  // namespace detail

/// The rows for a device; none if it was not measured. An H200 is an H100 with other memory.
constexpr std::span<const gemm_tuned_row> tuned_rows(const device_info& device) {
    const std::string_view name = device.name;
    const auto is = [&](std::string_view gpu) { return name.find(gpu) != std::string_view::npos; };
    if (device.sm_count != 132) return {};  // measured with all multiprocessors of the whole GPU
    if (is("H200") && !is("GH200")) return tuned_h200;
    if (is("H100")) return detail::tuned_for_h100;
    return {};
}

/// The row that counts for a workload; null if none does.
constexpr const gemm_tuned_row* find_tuned(std::span<const gemm_tuned_row> rows, const gemm_workload& work) {
    const gemm_tuned_row* best = nullptr;
    for (const gemm_tuned_row& row : rows) {
        const bool same_operands = row.type == work.a.type && row.type == work.b.type && row.b == work.b.tile &&
                                   row.a_contiguous == work.a.contiguous && row.b_contiguous == work.b.contiguous;
        const bool same_c = row.accumulate == work.accumulate && (!row.in_place || work.in_place);
        const bool matches = row.n == work.shape.n && row.k == work.shape.k && row.d == work.d && same_c &&
                             same_operands && !work.heads.any() && work.shape.m <= row.m_max &&
                             row.m_max - work.shape.m <= row.m_max / 16;
        if (matches && (best == nullptr || row.m_max < best->m_max)) best = &row;
    }
    return best;
}

}  // namespace deepgemm
