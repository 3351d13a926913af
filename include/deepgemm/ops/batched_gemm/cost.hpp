// SPDX-License-Identifier: MIT
// Predicts how long a kernel takes on a batch: the tiles of all products, and the bytes that memory must move for them. The
// cost of one tile is that of one product, ops/gemm/cost.hpp.
#pragma once

#include <algorithm>
#include <cmath>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/ops/batched_gemm/problem.hpp>
#include <deepgemm/ops/gemm/cost.hpp>
#include <deepgemm/schedule/columnwise.cuh>

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
    // All CTAs meet, and each loads the totals of every part. What tiles read from L2 beyond 1.25 times the operands costs a
    // share of the traffic. Operands of up to 64 MiB leave L2 first (schedule/summed.cuh) and displace little, others all that
    // L2 holds. The constants were fitted to the 18 sums of the suite `einsum` on an H200 (docs/tuning-log.md, "Sums of
    // batches").
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

/// True if a kernel has matrices of B stay in its stages: those of a column of tiles go round all stages before they need not
/// be loaded again.
inline bool b_stays(const config& cfg, const tiling& one, i32 k) {
    const i64 blocks = std::max<i64>(1, ceil_div(i64(k), i64(cfg.block.k)));
    return cfg.keeps_b && cfg.stages % blocks == 0 && one.m / cfg.cluster.m * blocks > cfg.stages;
}

/// Multiprocessors that a kernel uses of `sms`: all, or those that get equally many tiles of its schedule.
inline int used_sms(const config& cfg, const tiling& one, i32 count, int sms) {
    if (!cfg.keeps_b) return sms;
    const i32 columns = i32(one.n) / cfg.cluster.n * count, rows = i32(one.m) / cfg.cluster.m;
    return clusters_of_columns(columns, rows, sms / cfg.cluster_ctas()) * cfg.cluster_ctas();
}

/// By how much kernels were measured to take longer than predicted, on an H200.
inline double measured_over_predicted(const gemm_info& info, bool b_stays, i32 k) {
    // Warpgroups in turns with two K blocks: 1.35, but where B stays 1.03. With sixteen it is 1.03, too, which is left as it
    // is.
    if (info.cfg.sm90.alternate && k < 8 * info.cfg.block.k) return b_stays ? 1.03 : 1.35;
    // A kernel for matrices that stay has not been measured where they do not.
    if (info.cfg.keeps_b && !b_stays) return 1.35;
    // Three warpgroups on heads in FP8: 1.02 with 4096 rows, 1.06 with 8192.
    return info.traits.a.type == dtype::e4m3 && info.cfg.sm90.warpgroups == 3 ? 1.02 : 1;
}

/// Bytes of A that several tiles read, but at the same time: it is then marked to be evicted first, and displaces nothing.
inline double shared_a_bytes(const config& cfg, const batched_workload& work) {
    const tiling one = tiling::of(cfg, work.one);
    const i64 rows = one.m / cfg.cluster.m, columns = one.n / cfg.cluster.n;
    if (cfg.keeps_b || columns == 1 || !a_leaves_first(work.one.shape.m, rows, columns)) return 0;
    return double(work.count) * work.one.shape.m * row_bytes(work.one, work.one.a);
}

/// Predicts a kernel on the products of a batch, of whose operands `shared` bytes displace nothing from L2.
inline cost predict_products(const gemm_info& info, const batched_workload& work, const device_info& device, int sms,
                             double shared, const cost_parameters& given) {
    const bool by_token =
        info.traits.a.format != scale_kind::none && info.traits.a.tile.mn == 1 && info.traits.b.tile.mn == 1;
    const cost_parameters p = by_token ? gradient_parameters(info.cfg, given) : given;
    auto tiles = tiling::of(info.cfg, work.one);
    const int used = used_sms(info.cfg, tiles, work.count, sms);
    gemm_info seen = info;
    seen.cfg.keeps_b = b_stays(info.cfg, tiles, work.one.shape.k);
    cost_parameters of_one = p;
    of_one.left_over = 0;  // which counts once for the batch
    const double l2 = std::max<double>(1, double(device.l2_bytes)),
                 bytes = work.count * memory_bytes(info, work.one, device, tiles, used, of_one);
    tiles.m *= work.count;
    cost made =
        predict_tiles(seen, work.one, device, used, tiles, double(work.count) * work.one.shape.m * work.one.shape.n,
                      bytes + p.left_over * l2 * (1 - std::exp((shared - bytes) / l2)), p);
    made.total_us *= measured_over_predicted(info, seen.cfg.keeps_b, work.one.shape.k);
    return made;
}

}  // namespace detail

/// Predicts a kernel on a batch, with `sms` multiprocessors of the device to itself. The kernel must fit the workload, which is
/// not empty.
inline cost predict(const gemm_info& info, const batched_workload& work, const device_info& device, int sms,
                    const cost_parameters& given = {}) {
    const double shared = work.sum ? 0 : detail::shared_a_bytes(info.cfg, work);
    const auto as_multiplied = [&](const gemm_info& kernel, const batched_workload& product) {
        if (product.sum) return detail::predict_sum(kernel, product, device, sms, given);
        return detail::predict_products(kernel, product, device, sms, shared, given);
    };
    if (!info.cfg.swap) return as_multiplied(info, work);
    return as_multiplied(exchanged(info), {work.count, exchanged(work.one), work.sum});
}

}  // namespace deepgemm
