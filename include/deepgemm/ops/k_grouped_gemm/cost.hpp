// SPDX-License-Identifier: MIT
// Predicts how long a kernel takes on groups of K: all tiles of a D for each group, with as much of K as groups have on
// average. The cost of one tile is that of one product, ops/gemm/cost.hpp.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/ops/gemm/cost.hpp>
#include <deepgemm/ops/k_grouped_gemm/problem.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// What a product in groups of K demands of any kernel, if its groups have `k` elements of K together.
inline demand demand_of(const k_grouped_workload& work, i64 k) {
    const i64 m = work.shape.m, n = work.shape.n;
    return {2 * double(m) * double(n) * double(k),
            detail::bytes_of(work.a, m, k) + detail::bytes_of(work.b, n, k) +
                double(work.groups) * double(m) * double(n) * size_of(work.d) * (work.accumulate ? 2 : 1)};
}
/// The same for all elements that the operands have.
inline demand demand_of(const k_grouped_workload& work) { return demand_of(work, work.shape.k); }

/// Predicts a kernel on a workload, with `sms` multiprocessors of the device to itself. The kernel must fit the workload, which
/// is not empty.
inline cost predict(const gemm_info& info, const k_grouped_workload& work, const device_info& device, int sms,
                    const cost_parameters& of_one = {}) {
    const cost_parameters p = detail::gradient_parameters(info.cfg, of_one);
    const gemm_workload usual = work.usual();
    detail::tiling tiles = detail::tiling::of(info.cfg, usual);
    const double groups = work.groups, bytes = groups * detail::memory_bytes(info, usual, device, tiles, sms, p);
    tiles.m *= work.groups;
    return detail::predict_tiles(info, usual, device, sms, tiles, groups * double(usual.shape.m) * usual.shape.n, bytes,
                                 p);
}

}  // namespace deepgemm
