// SPDX-License-Identifier: MIT
// Predicts how long a kernel takes on groups of rows that follow each other. They are tiled as groups with slots are, so the
// prediction is theirs, ops/grouped_gemm/cost.hpp; what differs is how many rows there may be in all.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/ops/contiguous_gemm/problem.hpp>
#include <deepgemm/ops/grouped_gemm/cost.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// What a product demands of any kernel, if its groups have `rows` rows together.
inline demand demand_of(const contiguous_workload& work, i64 rows) { return demand_of(work.slots(), rows); }
/// The same for groups with the expected rows, as far as A has these.
inline demand demand_of(const contiguous_workload& work) {
    return demand_of(work, min(i64(work.groups) * work.expected_rows, i64(work.shape.m)));
}

namespace detail {

/// How much longer a kernel takes by the group of each row than by the ends of groups. Groups usually start at multiples of 128
/// rows, and a tile of the grid that one of them cuts is computed as two.
constexpr double longer_by_row(const config& cfg, const contiguous_workload& work) {
    constexpr double lost = 0.2;  // of a tile for each group, from the same races as longer_than_predicted()
    return work.by == grouping::indexed && cfg.block.m > 128 && cfg.block.m % 128 != 0
               ? 1 + lost * cfg.block.m / work.expected_rows
               : 1;
}

}  // namespace detail

/// Predicts a kernel on a workload, with `sms` multiprocessors of the device to itself. The kernel must fit the workload, which
/// is not empty.
inline cost predict(const gemm_info& info, const contiguous_workload& work, const device_info& device, int sms) {
    cost made = predict(info, work.slots(), device, sms);
    made.total_us *= detail::longer_by_row(info.cfg, work);
    return made;
}

}  // namespace deepgemm
