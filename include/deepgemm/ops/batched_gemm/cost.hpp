// SPDX-License-Identifier: MIT
// Predicts how long a kernel takes on a batch: the tiles of all products, and the bytes that memory must move for them. The cost
// of one tile is that of one product, ops/gemm/cost.hpp.
#pragma once

#include <algorithm>
#include <cmath>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/ops/batched_gemm/problem.hpp>
#include <deepgemm/ops/gemm/cost.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// What a batch demands of any kernel.
inline demand demand_of(const batched_workload& work) {
    const demand one = demand_of(work.one);
    return {work.count * one.flops, work.count * one.bytes};
}

/// Predicts a kernel on a batch, with `sms` multiprocessors of the device to itself. The kernel must fit the workload, which is
/// not empty.
inline cost predict(const gemm_info& info, const batched_workload& work, const device_info& device, int sms,
                    const cost_parameters& p = {}) {
    if (info.cfg.swap) return predict(exchanged(info), {work.count, exchanged(work.one)}, device, sms, p);
    auto tiles = detail::tiling::of(info.cfg, work.one);
    cost_parameters of_one = p;
    of_one.left_over = 0;  // which counts once for the batch
    const double l2 = std::max<double>(1, double(device.l2_bytes)),
                 bytes = work.count * detail::memory_bytes(info, work.one, device, tiles, sms, of_one);
    tiles.m *= work.count;
    return detail::predict_tiles(info, work.one, device, sms, tiles,
                                 double(work.count) * work.one.shape.m * work.one.shape.n,
                                 bytes + p.left_over * l2 * (1 - std::exp(-bytes / l2)), p);
}

}  // namespace deepgemm
