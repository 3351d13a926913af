// SPDX-License-Identifier: MIT
// Predicts how long a kernel takes on a grouped workload: how many tiles the usual groups have, and how many bytes memory must
// move for them. The cost of one tile is that of one product, ops/gemm/cost.hpp.
#pragma once

#include <algorithm>
#include <cmath>

#include <deepgemm/ops/gemm/cost.hpp>
#include <deepgemm/ops/grouped_gemm/problem.hpp>

namespace deepgemm {

/// What a grouped product demands of any kernel, if its groups have `rows` rows together.
inline demand demand_of(const grouped_workload& work, i64 rows) {
    const i64 n = work.shape.n, k = work.shape.k;
    const double results = double(rows) * double(n);
    return {2 * results * double(k), detail::bytes_of(work.a, rows, k) + work.groups * detail::bytes_of(work.b, n, k) +
                                         results * size_of(work.d)};
}
/// The same for groups with the expected rows.
inline demand demand_of(const grouped_workload& work) { return demand_of(work, i64(work.groups) * work.expected_rows); }

namespace detail {

/// The mean number of tiles of `block` rows that a group has, and the mean number of rows in them that lie in its slot. The
/// rows of a group are assumed to be evenly distributed from 0.7 to 1.3 times the expected rows.
struct row_tiles {
    double count = 0, rows = 0;

    static row_tiles of(const grouped_workload& work, int block) {
        constexpr int samples = 7;
        row_tiles made;
        for (int i = 0; i < samples; ++i) {
            const double share = 0.7 + 0.6 * i / (samples - 1), slot = work.shape.m;
            const double tiles = std::ceil(std::clamp(std::floor(share * work.expected_rows + 0.5), 1.0, slot) / block);
            made.count += tiles / samples;
            made.rows += std::min(tiles * block, slot) / samples;
        }
        return made;
    }
};

/// Bytes through device memory: the tiles of A of usual groups, all matrices of B, the rows of D; and lines that were in L2
/// before and must be written back. All CTAs of a column of tiles need the same weights at about the same time, so weights are
/// read once.
inline double memory_bytes(const gemm_info& info, const grouped_workload& work, const device_info& device,
                           const row_tiles& tiles, const cost_parameters& p) {
    const double groups = work.groups, n = work.shape.n, k = work.shape.k,
                 l2 = std::max<double>(1, double(device.l2_bytes));
    const double a = groups * tiles.rows * k * size_of(work.a.type), b = groups * n * k * size_of(work.b.type);
    const double d = groups * work.expected_rows * n * size_of(info.traits.d);
    const double scales = work.a.format == scale_kind::none
                              ? 0
                              : 4 * groups * k / 128 * (tiles.rows / work.a.tile.mn + n / work.b.tile.mn);
    const double displaced = a + scales + d + (tiles.count <= 1 ? 0 : b);  // weights that are read once leave at once
    return a + b + d + scales + p.left_over * l2 * (1 - std::exp(-displaced / l2));
}

}  // namespace detail

/// Predicts a kernel on a grouped workload, with `sms` multiprocessors of the device to itself. The kernel must fit the
/// workload, which is not empty.
inline cost predict(const gemm_info& info, const grouped_workload& work, const device_info& device, int sms,
                    const cost_parameters& p = {}) {
    const config& cfg = info.cfg;
    const auto rows = detail::row_tiles::of(work, cfg.block.m);
    const auto one = detail::tiling::of(cfg, work.one());
    const detail::tiling tiles{i64(std::ceil(rows.count * work.groups)), one.n, one.rows_of_a};
    const double needed = double(work.groups) * work.expected_rows * work.shape.n;
    return detail::predict_tiles(info, work.one(), device, sms, tiles, needed,
                                 detail::memory_bytes(info, work, device, rows, p), p);
}

}  // namespace deepgemm
