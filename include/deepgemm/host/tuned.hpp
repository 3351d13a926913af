// SPDX-License-Identifier: MIT
// Configurations that were measured to be best, consulted before the cost model. A row that names a configuration which a
// program has not instantiated is passed over.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include <deepgemm/host/device.hpp>
#include <deepgemm/host/problem.hpp>

namespace deepgemm {

/// A measured choice for products of `n` columns and depth `k` with `m_max` rows or somewhat fewer: more than half as many.
/// Of several rows that match a product, the one with the smallest `m_max` counts.
struct tuned_row {
    i32 m_max, n, k;
    dtype d = dtype::bf16;
    bool accumulate = false;
    scale_tile b{128, 128};  ///< of the scales of B
    config cfg{};
};

/// Rows measured on an H200 with all 132 multiprocessors.
inline constexpr std::array<tuned_row, 0> tuned_h200{};

/// The rows for a device; none if it was not measured.
constexpr std::span<const tuned_row> tuned_rows(const device_info& device) {
    const std::string_view name = device.name;
    if (device.sm_count == 132 && name.find("H200") != std::string_view::npos) return tuned_h200;
    return {};
}

/// The row that counts for a workload; null if none does.
constexpr const tuned_row* find_tuned(std::span<const tuned_row> rows, const workload& work) {
    const tuned_row* best = nullptr;
    for (const tuned_row& row : rows) {
        const bool matches = row.n == work.shape.n && row.k == work.shape.k && row.d == work.d &&
                             row.accumulate == work.accumulate && row.b == work.b.tile && work.shape.m <= row.m_max && work.shape.m > row.m_max / 2 &&
                             !work.heads.any();
        if (matches && (best == nullptr || row.m_max < best->m_max)) best = &row;
    }
    return best;
}

}  // namespace deepgemm
