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

/// Microseconds that a kernel of tall tiles takes to find the groups in a list of the group of each row, before it multiplies.
constexpr double listing_us(const config& cfg, const contiguous_workload& work) {
    constexpr double usual = 1;
    return work.by == grouping::indexed && cfg.block.m > 64 ? usual : 0;
}

}  // namespace detail

/// Predicts a kernel on a workload, with `sms` multiprocessors of the device to itself. The kernel must fit the workload, which
/// is not empty.
inline cost predict(const gemm_info& info, const contiguous_workload& work, const device_info& device, int sms) {
    cost made = predict(info, work.slots(), device, sms);
    made.total_us += detail::listing_us(info.cfg, work);
    return made;
}

}  // namespace deepgemm
