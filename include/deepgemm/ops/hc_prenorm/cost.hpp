// SPDX-License-Identifier: MIT
// Predicts how long a kernel takes on a prenorm. Nearly all time is that of reading A once, from memory or from one K block to
// the next; splitting K shortens the second until adding up the parts costs more.
#pragma once

#include <algorithm>
#include <cmath>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/cost.hpp>
#include <deepgemm/host/device.hpp>
#include <deepgemm/ops/hc_prenorm/text.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// Constants of the model, in clocks of an SM unless they say otherwise. Those that have the same cause in the GEMM's model
/// (ops/gemm/cost.hpp) have its values; start_us and block were fitted to 24 products on an H200, the others are estimates.
struct hc_prenorm_costs {
    double start_us = 2.5;    ///< launch, first loads, last stores
    double block = 350;       ///< per K block: a barrier, 64 x 64 elements into registers, their squares,
    double block_column = 4;  ///< and for each column of a tile: eight multiplies of TF32
    /// Share of these that is left with more warpgroups: a tensor core is busy for most of them.
    double block_shared = 0.75;
    double few_bytes = 22;        ///< bytes out of memory for each SM with tiles of 16 rows,
    double few_split = 600;       ///< and bringing their sums together,
    double few_wide = 1500;       ///< in clusters of more than eight more
    double load_latency = 2446;   ///< from device memory to shared memory, under load; hidden by stages
    double l2_bytes = 58.1;       ///< bytes out of L2 for each SM, if all of them read
    double tile = 400;            ///< from one tile to the next, with its stores
    double split = 1726;          ///< bringing the sums of the parts of a tile together,
    double split_column = 39.4;   ///< and for each column of a tile
    double memory_share = 0.908;  ///< share of the peak of device memory that is reached
    double together = 4.57;       ///< norm that joins computing and moving
};

/// What a prenorm demands of any kernel: products and squares; A, B and the results once.
inline demand demand_of(const hc_prenorm_workload& work) {
    const double m = work.shape.m, n = work.shape.n, k = work.shape.k;
    return {2 * m * n * k + 2 * m * k, 2 * m * k + 4 * n * k + 4 * double(work.parts) * m * (n + 1)};
}

/// Predicts a kernel on a workload, with `sms` multiprocessors of the device to itself. The kernel must fit the workload, which
/// is not empty.
inline cost predict(const hc_prenorm_info& info, const hc_prenorm_workload& work, const device_info& device, int sms,
                    const hc_prenorm_costs& p = {}) {
    const hc_prenorm_config& cfg = info.cfg;
    const auto& [m, n, k] = work.shape;
    const i64 rows = ceil_div(m, cfg.block.m), columns = ceil_div(n, cfg.block.n);
    const i64 shares = i64(work.parts) * cfg.split_k;  // of K, each the work of one CTA
    const i64 ctas = detail::ctas_at_once(cfg.split_k, sms), works = rows * columns * shares;
    const double blocks = double(ceil_div(i64(ceil_div(k, cfg.block.k)), shares));
    const double clocks_per_us = device.clock_mhz, active = double(std::min(works, ctas)) / device.sm_count;

    cost made;
    made.tiles = rows * columns * work.parts;
    made.waves = ceil_div(works, ctas);
    made.tile_efficiency = double(m) * n / (double(rows * columns) * cfg.block.m * cfg.block.n);
    made.wave_efficiency = double(works) / (double(made.waves) * sms);
    made.start_us = p.start_us;

    const bool few = cfg.block.m == 16;
    const double bytes = (std::min(m, cfg.block.m) * 2 + cfg.block.n * 4) * cfg.block.k;  // of a K block
    const double math = few ? 0 : (p.block + p.block_column * cfg.block.n) * (cfg.warpgroups > 1 ? p.block_shared : 1);
    const double stream = few ? 0 : p.load_latency / std::max(cfg.stages, 1);
    const double fill = few ? bytes / p.few_bytes : bytes * active / p.l2_bytes;
    const double block = std::max({math, stream, fill});
    made.main_loop_us = double(made.waves) * blocks * block / clocks_per_us;
    const double sums = cfg.split_k == 1 ? 0
                        : few            ? p.few_split + (cfg.split_k > 8 ? p.few_wide : 0)
                                         : p.split + p.split_column * cfg.block.n;
    made.epilogue_us = double(made.waves) * (p.tile + sums) / clocks_per_us;

    const demand needs = demand_of(work);
    const double a = 2.0 * m * k,
                 again = a > double(device.l2_bytes) ? double(columns - 1) * a : 0;  // per tile of columns
    made.memory_us = (needs.bytes + again) / (p.memory_share * device.hbm_gb_per_s * 1000);
    made.total_us =
        made.start_us + made.epilogue_us +
        std::pow(std::pow(made.main_loop_us, p.together) + std::pow(made.memory_us, p.together), 1 / p.together);
    made.limit = made.memory_us > made.main_loop_us + made.epilogue_us ? bound::memory
                 : made.epilogue_us > made.main_loop_us                ? bound::epilogue
                 : block == fill                                       ? bound::fill
                                                                       : bound::latency;
    return made;
}

}  // namespace deepgemm
