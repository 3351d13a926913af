// SPDX-License-Identifier: MIT
// Predicts how long a kernel takes on groups of K: all tiles of a D for each group, with as much of K as groups have on average.
// The cost of one tile is that of one product, ops/gemm/cost.hpp.
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

namespace detail {

/// The constants of the model for a kernel of groups of K, fitted to times of FP8 on an H200. A warpgroup of several fragments
/// reads the scales of B once for all of them, and goes on with one while another is stored. What is gained where lines of D are in
/// L2 when their tile ends is a guess; warpgroups in turns hide that anyway.
inline cost_parameters parameters_of(const config& cfg, cost_parameters p) {
    const bool several = cfg.block.m / 64 > sharers(cfg) && !cfg.sm90.alternate;
    p.token_per_column *= several ? 0.74 : 1.25;
    if (several) p.store_bytes *= 1.35;
    if (cfg.d_ahead) p.store_bytes *= cfg.sm90.alternate ? 0.95 : 1.2;
    return p;
}

}  // namespace detail

/// Predicts a kernel on a workload, with `sms` multiprocessors of the device to itself. The kernel must fit the workload, which
/// is not empty.
inline cost predict(const gemm_info& info, const k_grouped_workload& work, const device_info& device, int sms,
                    const cost_parameters& of_one = {}) {
    const cost_parameters p = detail::parameters_of(info.cfg, of_one);
    const gemm_workload usual = work.usual();
    detail::tiling tiles = detail::tiling::of(info.cfg, usual);
    const double groups = work.groups, bytes = groups * detail::memory_bytes(info, usual, device, tiles, sms, p);
    tiles.m *= work.groups;
    return detail::predict_tiles(info, usual, device, sms, tiles, groups * double(usual.shape.m) * usual.shape.n, bytes,
                                 p);
}

}  // namespace deepgemm
