// SPDX-License-Identifier: MIT
// Predicts how long a kernel takes on a grouped workload: how many tiles the usual groups have, and how many bytes memory must
// move for them. The cost of one tile is that of one product, ops/gemm/cost.hpp.
#pragma once

#include <algorithm>
#include <cmath>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/ops/gemm/cost.hpp>
#include <deepgemm/ops/grouped_gemm/problem.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// What a grouped product demands of any kernel, if its groups have `rows` rows together.
inline demand demand_of(const grouped_workload& work, i64 rows) {
    const i64 n = work.shape.n, k = work.shape.k;
    const double stored = double(rows) * double(work.epilogue.columns_after(n));
    return {
        2 * double(rows) * double(n) * double(k),
        detail::bytes_of(work.a, rows, k) + work.groups * detail::bytes_of(work.b, n, k) + stored * size_of(work.d)};
}
/// The same for groups with the expected rows.
inline demand demand_of(const grouped_workload& work) { return demand_of(work, i64(work.groups) * work.expected_rows); }

namespace detail {

/// The mean number of tiles of a kernel's rows that a group has, and the mean number of rows of A that they load. The rows of a
/// group are assumed to be evenly distributed from 0.7 to 1.3 times the expected rows.
struct row_tiles {
    double count = 0, rows = 0;

    static row_tiles of(const grouped_workload& work, const config& cfg) {
        constexpr int samples = 7;
        const double block = cfg.block.m, unit = cfg.swap ? block : std::min(64.0, block);  // that loads leave out
        row_tiles made;
        for (int i = 0; i < samples; ++i) {
            const double share = 0.7 + 0.6 * i / (samples - 1), slot = work.shape.m;
            const double rows = std::clamp(std::floor(share * work.expected_rows + 0.5), 1.0, slot);
            made.count += std::ceil(rows / block) / samples;
            made.rows += std::min(std::ceil(rows / unit) * unit, slot) / samples;
        }
        return made;
    }
};

/// How often device memory is read for weights that two tiles of a column share, in excess of once. Both read them at about the
/// same time, but not in step, so what all columns at work read during a tile must stay in L2 for a while. Fitted to the bytes
/// that an H200 read for 32 groups of 190 rows, N 6144 and K 7168: 1.4 times the weights with tiles of 128 x 256 in BF16.
inline double weights_read_again(const gemm_info& info, const grouped_workload& work, const device_info& device,
                                 int sms, const row_tiles& tiles) {
    constexpr double kept = 1.2, lost = 9.6;  // of L2: kept in full, and from there to reading twice
    const double columns = std::max(1.0, sms / std::max(1.0, tiles.count));
    const double during_tile = columns * info.cfg.block.n * double(work.shape.k) * size_of(work.b.type);
    return std::clamp((during_tile / std::max<double>(1, double(device.l2_bytes)) - kept) / lost, 0.0, 1.0);
}

/// Bytes through device memory: the tiles of A of usual groups, all matrices of B, the rows of D; and lines that were in L2
/// before and must be written back.
inline double memory_bytes(const gemm_info& info, const grouped_workload& work, const device_info& device, int sms,
                           const row_tiles& tiles, const cost_parameters& p) {
    const double groups = work.groups, n = work.shape.n, k = work.shape.k,
                 l2 = std::max<double>(1, double(device.l2_bytes));
    const double again = std::max(0.0, tiles.count - 1) * weights_read_again(info, work, device, sms, tiles);
    const double a = groups * tiles.rows * k * size_of(work.a.type),
                 b = groups * n * k * size_of(work.b.type) * (1 + again);
    const double d =
        groups * work.expected_rows * double(work.epilogue.columns_after(work.shape.n)) * size_of(info.traits.d);
    const double scales = work.a.format == scale_kind::none
                              ? 0
                              : 4 * groups * k / 128 * (tiles.rows / work.a.tile.mn + n / work.b.tile.mn);
    const double displaced = a + scales + d + (tiles.count <= 1 ? 0 : b);  // weights that are read once leave at once
    return a + b + d + scales + p.left_over * l2 * (1 - std::exp(-displaced / l2));
}

/// How much longer than predicted a kernel takes, from races of BF16 tiles on an H200 (docs/tuning-log.md, "Groups in BF16
/// beside DeepGEMM"). Where groups have many rows the board's power binds, and warpgroups that take turns draw less; but
/// alone they gain only if all tiles of a row take equally long, none reaching beyond D, so that CTAs ask L2 for the same
/// operands at the same time. With fewer rows they were not raced; others, which were, come first. Three stages are few where
/// a tile or two of rows read weights from device memory. In FP8 with many rows a warpgroup that promotes two fragments at once
/// takes 3 to 5 % longer than three of one fragment ("Slots of some 192 rows"). Results staged by warpgroup leave in fewer copies
/// ("Groups in BF16: the same tile as DeepGEMM's").
constexpr double longer_than_predicted(const config& cfg, const grouped_workload& work) {
    const bool many = work.expected_rows >= 512;
    if (!cfg.sm90.alternate) {
        if (many && cfg.sm90.promote == promotion::never && cfg.store_rows == 64) return 0.98;
        if (many) return cfg.sm90.promote == promotion::at_once && cfg.block.m > 64 * cfg.sm90.warpgroups ? 1.04 : 1;
        return cfg.stages <= 3 ? 1.05 : 1;
    }
    if (!many) return 1.1;
    return cfg.cluster.size() > 1 ? 0.97 : work.shape.n % cfg.block.n == 0 ? 0.98 : 1.01;
}

/// The constants of the model for a kernel of groups. Warpgroups in turns that do not promote have a multiply queued at any
/// time, so wgmma reads operands faster than in kernels to which the model's constant was fitted: 93 bytes a clock instead of 85,
/// from the races that longer_than_predicted() names. Where FP8 is promoted at once, buffers of whole lines of D cost nothing
/// for being few: one of 64 columns was faster than three of 32, and as fast as two.
inline cost_parameters grouped_parameters(const config& cfg, cost_parameters p) {
    constexpr int line_columns = 64;  // of 16 bits
    if (cfg.sm90.promote == promotion::at_once && cfg.store_columns == line_columns) p.late_bytes = 1e6;
    if (cfg.sm90.alternate && cfg.sm90.promote == promotion::never) p.mma_bytes = 93;
    return p;
}

}  // namespace detail

/// Predicts a kernel on a grouped workload, with `sms` multiprocessors of the device to itself. The kernel must fit the
/// workload, which is not empty.
inline cost predict(const gemm_info& info, const grouped_workload& work, const device_info& device, int sms,
                    const cost_parameters& general = {}) {
    const cost_parameters p = detail::grouped_parameters(info.cfg, general);
    const auto rows = detail::row_tiles::of(work, info.cfg);
    const auto one = detail::tiling::of(info.cfg, work.one());
    const i64 row_tiles = i64(std::ceil(rows.count * work.groups));
    const double needed = double(work.groups) * work.expected_rows * work.shape.n,
                 bytes = detail::memory_bytes(info, work, device, sms, rows, p);
    if (info.cfg.swap) {
        const detail::tiling exchanged_tiles{one.n, row_tiles, double(info.cfg.block.n)};
        return detail::predict_tiles(exchanged(info), exchanged(work.one()), device, sms, exchanged_tiles, needed,
                                     bytes, p);
    }
    cost made =
        detail::predict_tiles(info, work.one(), device, sms, {row_tiles, one.n, one.rows_of_a}, needed, bytes, p);
    made.total_us *= detail::longer_than_predicted(info.cfg, work);
    return made;
}

}  // namespace deepgemm
