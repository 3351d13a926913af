// SPDX-License-Identifier: MIT
// Predicts how long a kernel takes on a batch: the tiles of all products, and the bytes that memory must move for them. The
// cost of one tile is that of one product, ops/gemm/cost.hpp.
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
    if (!work.sum) return {work.count * one.flops, work.count * one.bytes};
    const double d = double(work.one.shape.m) * work.one.shape.n * size_of(work.one.d) * (work.one.accumulate ? 2 : 1);
    return {work.count * one.flops, work.count * (one.bytes - d) + d};
}

namespace detail {

/// Parts into which a kernel cuts the K blocks of a sum, as schedule/summed.cuh does with a large workspace.
inline i64 parts_of_sum(const config& cfg, const batched_workload& work, int sms) {
    const tiling tiles = tiling::of(cfg, work.one);
    const i64 blocks = work.count * ceil_div(i64(work.one.shape.k), i64(cfg.block.k));
    return std::max<i64>(1, std::min(blocks, sms / std::max<i64>(1, tiles.m * tiles.n)));
}

/// Predicts a kernel that sums up a batch: a product with few tiles and a long K, which parts of the grid share, and after that
/// the sums of all parts.
inline cost predict_sum(const gemm_info& info, const batched_workload& work, const device_info& device, int sms,
                        const cost_parameters& p) {
    // All CTAs meet, and each loads the totals of every part. What tiles read from L2 beyond 1.25 times the operands costs a share of
    // the traffic. Operands of up to 64 MiB leave L2 first (schedule/summed.cuh) and displace little, others all that L2 holds.
    constexpr double meeting_us = 2.5, part_us = 0.02, shared = 0.12, few_bytes = 64 << 20, few_displace = 0.15;
    const i64 parts = parts_of_sum(info.cfg, work, sms), blocks = work.count * ceil_div(i64(work.one.shape.k), i64(64));
    gemm_workload part = work.one;
    part.shape.k = i32(std::min<i64>(ceil_div(blocks, parts) * 64, max_extent));
    tiling tiles = tiling::of(info.cfg, work.one);
    const double l2 = std::max<double>(1, double(device.l2_bytes)),
                 reads = double(tiles.m) * double(tiles.n) * (info.cfg.block.m + info.cfg.block.n) /
                         std::max(1.0, double(work.one.shape.m) + work.one.shape.n),
                 bytes = demand_of(work).bytes * (1 + shared * std::max(0.0, reads - 1.25)),
                 displaced = bytes <= few_bytes ? few_displace * bytes : p.left_over * l2 * (1 - std::exp(-bytes / l2));
    tiles.m *= parts;
    cost made = predict_tiles(info, part, device, sms, tiles, double(parts) * part.shape.m * part.shape.n,
                              bytes + displaced, p);
    made.epilogue_us += meeting_us + part_us * double(parts);
    made.total_us += meeting_us + part_us * double(parts);
    return made;
}

}  // namespace detail

/// Predicts a kernel on a batch, with `sms` multiprocessors of the device to itself. The kernel must fit the workload, which is
/// not empty.
inline cost predict(const gemm_info& info, const batched_workload& work, const device_info& device, int sms,
                    const cost_parameters& given = {}) {
    if (info.cfg.swap) return predict(exchanged(info), {work.count, exchanged(work.one), work.sum}, device, sms, given);
    if (work.sum) return detail::predict_sum(info, work, device, sms, given);
    const bool by_token =
        info.traits.a.format != scale_kind::none && info.traits.a.tile.mn == 1 && info.traits.b.tile.mn == 1;
    const cost_parameters p = by_token ? detail::gradient_parameters(info.cfg, given) : given;
    auto tiles = detail::tiling::of(info.cfg, work.one);
    cost_parameters of_one = p;
    of_one.left_over = 0;  // which counts once for the batch
    const double l2 = std::max<double>(1, double(device.l2_bytes)),
                 bytes = work.count * detail::memory_bytes(info, work.one, device, tiles, sms, of_one);
    tiles.m *= work.count;
    cost made = detail::predict_tiles(info, work.one, device, sms, tiles,
                                      double(work.count) * work.one.shape.m * work.one.shape.n,
                                      bytes + p.left_over * l2 * (1 - std::exp(-bytes / l2)), p);
    // Measured on an H200: with two K blocks warpgroups in turns take 1.35 times as long as predicted, with sixteen 1.03 times.
    if (info.cfg.sm90.alternate && work.one.shape.k < 8 * info.cfg.block.k) made.total_us *= 1.35;
    return made;
}

}  // namespace deepgemm
