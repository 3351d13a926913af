// SPDX-License-Identifier: MIT
// Configurations that were measured to be best, consulted before the cost model. A row that names a configuration which a
// program has not instantiated is passed over.
#pragma once

#include <span>
#include <string_view>

#include <deepgemm/host/device.hpp>
#include <deepgemm/host/problem.hpp>
#include <deepgemm/host/tuned_h200.hpp>

namespace deepgemm {

/// The rows for a device; none if it was not measured.
constexpr std::span<const tuned_row> tuned_rows(const device_info& device) {
    const std::string_view name = device.name;
    // Measured with all multiprocessors of the whole GPU.
    if (device.sm_count == 132 && name.find("H200") != std::string_view::npos) return tuned_h200;
    return {};
}

/// The row that counts for a workload; null if none does.
constexpr const tuned_row* find_tuned(std::span<const tuned_row> rows, const workload& work) {
    const tuned_row* best = nullptr;
    for (const tuned_row& row : rows) {
        const bool same_operands = row.type == work.a.type && row.type == work.b.type && row.b == work.b.tile &&
                                   row.a_contiguous == work.a.contiguous && row.b_contiguous == work.b.contiguous;
        const bool matches = row.n == work.shape.n && row.k == work.shape.k && row.d == work.d &&
                             row.accumulate == work.accumulate && same_operands && !work.heads.any() &&
                             work.shape.m <= row.m_max && row.m_max - work.shape.m <= row.m_max / 16;
        if (matches && (best == nullptr || row.m_max < best->m_max)) best = &row;
    }
    return best;
}

}  // namespace deepgemm
