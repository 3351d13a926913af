// SPDX-License-Identifier: MIT
// Predicts how long a kernel takes on a workload. An estimate to rank configurations by, not a simulation: what one K block
// costs a CTA, how many waves of tiles there are, what memory must move. Pure arithmetic; under 100 ns a call.
#pragma once

#include <algorithm>
#include <cmath>

#include <deepgemm/host/device.hpp>
#include <deepgemm/host/problem.hpp>

namespace deepgemm {

/// What limits a kernel.
enum class bound : u8 {
    tensor_cores,  ///< multiplying, and the promotion that is not hidden behind it
    latency,       ///< too few warpgroups to hide the time from one K block to the next
    fill,          ///< copies from L2 to shared memory
    epilogue,      ///< rounding, staging and storing D
    memory,        ///< device memory
};

constexpr const char* name_of(bound what) {
    switch (what) {
        case bound::tensor_cores: return "the tensor cores";
        case bound::latency: return "the latency of a K block";
        case bound::fill: return "copies from L2 to shared memory";
        case bound::epilogue: return "the epilogue";
        case bound::memory: return "device memory";
    }
    return "?";
}

/// A prediction and its parts. `total_us` is what configurations are ranked by.
struct cost {
    double total_us = 0;
    double start_us = 0;         ///< launch, first loads, last stores
    double main_loop_us = 0;     ///< all K blocks of all tiles of the busiest CTA
    double epilogue_us = 0;      ///< of the busiest CTA
    double memory_us = 0;        ///< to move what must be moved through device memory; overlaps the two above
    i64 tiles = 0;               ///< of D, whole clusters counted
    i64 waves = 0;               ///< tiles of the busiest CTA
    double tile_efficiency = 0;  ///< elements of D over elements computed, idle CTAs of the last wave included
    bound limit = bound::tensor_cores;
};

/// Constants of the model, in clocks of an SM unless they say otherwise. The values are those of H200 measurements:
/// main loops of several tile shapes, and whole kernels on flushed caches.
struct cost_parameters {
    double start_us = 3.5;
    double clock = 0.86;                   ///< sustained through a short kernel, of the highest clock
    double mma_bytes = 128;                ///< operand bytes per clock that wgmma reads from shared memory
    double block_latency = 100;            ///< per K block and warpgroup: barrier, issue, drain
    double promotion_per_column = 0.5;     ///< scaling and adding a 64-row fragment
    double token_scale_per_column = 0.6;   ///< more where every column has a scale of its own
    double overlap[3] = {1.0, 0.85, 0.2};  ///< share of latency and promotion not hidden by 0, 1, 2 other warpgroups
    double deferred_overlap = 0.3;         ///< the same with promotion deferred by a K block
    double fill_bytes = 80;                ///< per clock into the shared memory of an SM
    double l2_bytes = 64;                  ///< per clock and SM out of L2
    double fill_power = 0.0008;            ///< clock lost per byte and clock filled,
    double l2_power = 0.001;               ///< and read from L2: copies cost power, and power is limited
    double load_latency = 1500;            ///< from device memory to shared memory
    double epilogue_wave = 150;            ///< per 64-row fragment
    double epilogue_bytes = 1.0;           ///< per byte of a row of the fragment, in D's type
    double accumulate_factor = 1.6;        ///< epilogue that also reads C
    double memory_share = 0.7;             ///< of the peak of device memory that a kernel of some 10 us reaches
};

namespace detail {

/// Clocks of one K block of a CTA, and what sets them.
struct block_clocks {
    double clocks, ingress, l2;
    bound limit;
};

inline block_clocks k_block_clocks(const kernel_info& info, const cost_parameters& p) {
    const config& cfg = info.cfg;
    const double n = cfg.block.n, warpgroups = cfg.math_warpgroups, fragments = cfg.block.m / (64 * warpgroups);
    // Four wgmma of 64 x n x 32: 8192 flop per clock, unless reading both operands takes longer.
    const double multiply = 4 * std::max(n / 2, (64 + n) * 32 / p.mma_bytes);
    const double promotion = p.promotion_per_column + (info.b.tile.mn == 1 ? p.token_scale_per_column : 0);
    const double exposed = p.block_latency + promotion * n;
    const int others = std::clamp(cfg.math_warpgroups, 1, 3) - 1;
    double overlap = p.overlap[others];
    if (cfg.promote == promotion::deferred) overlap = std::min(overlap, p.deferred_overlap);

    const double chain = fragments * (multiply + (cfg.promote == promotion::deferred ? overlap : 1.0) * exposed);
    const double tensor = fragments * warpgroups * multiply + overlap * exposed;
    const double a = cfg.block.m * 128.0, b = n * 128.0;
    const double fill = std::max((a + b) / p.fill_bytes, (a / cfg.cluster.n + b / cfg.cluster.m) / p.l2_bytes);
    const double stream = p.load_latency / cfg.stages;
    const double clocks = std::max({chain, tensor, fill, stream});
    bound limit = bound::tensor_cores;
    if (clocks == fill) limit = bound::fill;
    if (clocks == stream || (clocks == chain && chain > 1.5 * fragments * warpgroups * multiply))
        limit = bound::latency;
    return {clocks, (a + b) / clocks, (a / cfg.cluster.n + b / cfg.cluster.m) / clocks, limit};
}

/// Bytes through device memory: every operand once, more often where a band of tiles does not find it in L2 any more.
inline double memory_bytes(const kernel_info& info, const workload& work, const device_info& device, i64 tiles_m,
                           i64 tiles_n, int sms) {
    const config& cfg = info.cfg;
    const double m = work.shape.m, n = work.shape.n, k = work.shape.k, keeps = double(device.l2_bytes) / 2;
    const double band = std::min<double>(cfg.raster_rows, double(tiles_m));
    double reads_a = 1, reads_b = 1;
    if (n * k > keeps) reads_b = std::ceil(double(tiles_m) / band);  // each band walks all of B
    if (band * cfg.block.m * k > keeps)
        reads_a = std::max(1.0, double(tiles_n) * band / sms);  // and A stays in L2 meanwhile
    if (reads_a * m * k + reads_b * n * k < keeps) reads_a = reads_b = 1;
    const double scale_words = (m / work.a.tile.mn + n / work.b.tile.mn) * k / 128;
    return m * k * reads_a + n * k * reads_b + 4 * scale_words + m * n * size_of(work.d) * (work.accumulate ? 2 : 1);
}

}  // namespace detail

/// Predicts a kernel on a workload, with `sms` multiprocessors of the device to itself. The kernel must fit the workload;
/// M and N are positive.
inline cost predict(const kernel_info& info, const workload& work, const device_info& device, int sms,
                    const cost_parameters& p = {}) {
    const config& cfg = info.cfg;
    const auto tiles = [](i64 extent, int block, int cluster) {
        return ceil_div(extent, i64(block) * cluster) * cluster;
    };
    const i64 tiles_m = tiles(work.shape.m, cfg.block.m, cfg.cluster.m),
              tiles_n = tiles(work.shape.n, cfg.block.n, cfg.cluster.n);
    const i64 ctas = sms / cfg.cluster.size() * cfg.cluster.size(),
              k_blocks = ceil_div(i64(work.shape.k), i64(cfg.block.k));

    cost made;
    made.tiles = tiles_m * tiles_n;
    made.waves = ceil_div(made.tiles, ctas);
    made.tile_efficiency =
        double(work.shape.m) * work.shape.n / (double(made.waves * ctas) * cfg.block.m * cfg.block.n);

    const auto block = detail::k_block_clocks(info, p);
    const double power = 1 - p.fill_power * block.ingress - p.l2_power * block.l2;
    const double clocks_per_us = device.clock_mhz * p.clock * power;
    const double fragments = cfg.block.m / (64.0 * cfg.math_warpgroups);
    const double epilogue = fragments * (p.epilogue_wave + p.epilogue_bytes * cfg.block.n * size_of(work.d)) *
                            (work.accumulate ? p.accumulate_factor : 1.0);
    made.main_loop_us = double(made.waves * k_blocks) * block.clocks / clocks_per_us;
    made.epilogue_us = double(made.waves) * epilogue / clocks_per_us;

    made.memory_us =
        detail::memory_bytes(info, work, device, tiles_m, tiles_n, sms) / (p.memory_share * device.hbm_gb_per_s * 1000);
    made.start_us = p.start_us;
    made.total_us = made.start_us + std::max(made.main_loop_us + made.epilogue_us, made.memory_us);
    made.limit = made.memory_us > made.main_loop_us + made.epilogue_us ? bound::memory
                 : made.epilogue_us > made.main_loop_us                ? bound::epilogue
                                                                       : block.limit;
    return made;
}

}  // namespace deepgemm
