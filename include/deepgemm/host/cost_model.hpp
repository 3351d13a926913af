// SPDX-License-Identifier: MIT
// Predicts how long a kernel takes on a workload. An estimate to rank configurations by, not a simulation: what one K block
// costs a CTA, how many waves of tiles there are, what memory must move. Pure arithmetic; about 100 ns a call.
// docs/tuning-model.md tells how well it chooses.
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
    double epilogue_us = 0;      ///< of the busiest CTA, where no main loop hides it
    double memory_us = 0;        ///< to move what must be moved through device memory; overlaps most of the two above
    i64 tiles = 0;               ///< of D, whole clusters counted
    i64 waves = 0;               ///< tiles of the busiest CTA
    double tile_efficiency = 0;  ///< elements of D over elements computed, idle CTAs of the last wave included
    bound limit = bound::tensor_cores;
};

/// Constants of the model, in clocks of an SM unless they say otherwise. Each began as a figure read off single kernels on an
/// H200 (in brackets, where one exists) and was then moved, little, to fit the times of all shipped kernels on 42 products.
struct cost_parameters {
    double start_us = 3.6;       ///< launch, first loads, last stores (an empty product takes about 3)
    double idle_clock = 0.96;    ///< of the highest clock, while few tensor cores work (1.9 GHz)
    double power_clock = 0.17;   ///< share of it lost to the power limit when all of them do (1.55 to 1.6 GHz)
    double mma_bytes = 96;       ///< operand bytes per clock that wgmma reads from shared memory: binds for n below 128
    double block_latency = 110;  ///< per K block: barrier, issue, drain of the tensor core (one warpgroup, n = 16: 130)
    double promotion_per_column = 0.9;    ///< scaling and adding a 64-row fragment
    double overlap[3] = {1.0, 0.6, 0.3};  ///< share of the two above that 0, 1, 2 other warpgroups do not hide
    double next_fragment = 0.3;           ///< what a second fragment of a warpgroup adds to that
    double deferred[3] = {50, 35, 35};    ///< replaces both where promotion is deferred (50; 10 to 50)
    double in_flight = 15;                ///< replaces both where nothing is promoted (no figure yet)
    double token_block = 40;              ///< where each column has a scale: per fragment, hidden by no warpgroup,
    double token_per_column = 1.0;        ///< and per column of it
    double port_bytes = 85;               ///< into the shared memory of one SM (at least 70)
    double l2_bytes = 65;                 ///< out of L2 for each SM, if all of them read (53 to 66)
    double outside_row = 1.5;             ///< per row of a tile of A beyond its last: TMA fills them with zeros (5),
    double outside_ctas = 85;             ///< if so many CTAs or more do so; less with fewer
    double load_latency = 1200;           ///< from device memory to shared memory; hidden by stages
    double cluster_factor = 1.03;         ///< K blocks of clusters: a stage is free when all CTAs have released it
    double tile = 280;                    ///< from a tile to the next (150 to 250)
    double epilogue_fragment = 290;       ///< rounding, staging, storing a 64-row fragment,
    double epilogue_bytes = 1.45;         ///< and each byte of a row of it, in D's type
    double accumulate_factor = 1.6;       ///< epilogue that also reads C
    double split = 900;                   ///< to bring the totals of the parts of a tile together,
    double split_column = 3;              ///< and for each column of a 64-row fragment of each further part
    double memory_share = 0.85;           ///< of the peak of device memory, reached with nothing in its way
    double exposed = 0.29;  ///< share of the shorter of computing and moving that the longer does not hide
    double l2_share = 0.5;  ///< of L2 that keeps operands from one band of tiles to the next
};

namespace detail {

/// Clocks of one K block of a CTA, those in which the tensor cores work at their best, and what sets them.
struct block_clocks {
    double clocks, multiplying;
    bound limit;
};

/// Warpgroups that share a tile: all that multiply, or one where they take turns.
inline int sharers(const config& cfg) { return cfg.alternate ? 1 : cfg.math_warpgroups; }

/// A block of a CTA while `active` CTAs run on `sm_count` multiprocessors; `outside` rows of its tile of A do not exist.
inline block_clocks k_block_clocks(const kernel_info& info, double active, int sm_count, double outside,
                                   const cost_parameters& p) {
    const config& cfg = info.cfg;
    const double n = cfg.block.n, waves = cfg.block.m / (64.0 * sharers(cfg)), fragments = cfg.block.m / 64.0;
    const int others = std::clamp(sharers(cfg), 1, 3) - 1;
    // wgmma of 64 x n x 32 bytes, four in a 128-byte row: n / 2 clocks each, unless reading both operands takes longer.
    const double row_bytes = cfg.block.k * double(size_of(info.a.type)), steps = row_bytes / 32;
    const double best = steps * n / 2, multiply = std::max(best, (64 + n) * row_bytes / p.mma_bytes);
    double waiting = p.overlap[others] * (p.block_latency + p.promotion_per_column * n);
    waiting *= 1 + p.next_fragment * (waves - 1);
    if (cfg.promote == promotion::deferred) waiting = p.deferred[others];
    if (cfg.promote == promotion::never) waiting = p.in_flight;
    if (info.b.format != scale_kind::none && info.b.tile.mn == 1)
        waiting += fragments * (p.token_block + p.token_per_column * n);
    const double tensor = (fragments * multiply + waiting) * (cfg.cluster.size() > 1 ? p.cluster_factor : 1.0);

    const double a = cfg.block.m * row_bytes, b = n * row_bytes;
    const double l2_bytes = p.l2_bytes / std::min(1.0, active / sm_count);
    const double fill = std::max((a + b) / p.port_bytes, (a / cfg.cluster.n + b / cfg.cluster.m) / l2_bytes) +
                        outside * p.outside_row * std::min(1.0, active / p.outside_ctas);
    const double stream = p.load_latency / std::max(cfg.stages, 1);
    const double clocks = std::max({tensor, fill, stream});
    const bound limit = clocks == fill                                             ? bound::fill
                        : clocks == stream || waiting > 0.5 * fragments * multiply ? bound::latency
                                                                                   : bound::tensor_cores;
    return {clocks, fragments * best, limit};
}

/// Bytes through device memory: every operand once, more often where a band of tiles does not find it in L2 any more.
inline double memory_bytes(const kernel_info& info, const workload& work, const device_info& device, i64 tiles_m,
                           i64 tiles_n, int sms, const cost_parameters& p) {
    const config& cfg = info.cfg;
    const double m = work.shape.m, n = work.shape.n, k = work.shape.k, keeps = p.l2_share * double(device.l2_bytes);
    const double row_a = k * size_of(work.a.type), row_b = k * size_of(work.b.type);  // bytes
    const double band = std::min<double>(cfg.raster_rows, double(tiles_m));
    double reads_a = 1, reads_b = 1;
    if (n * row_b > keeps) reads_b = std::ceil(double(tiles_m) / band);  // each band walks all of B
    if (band * cfg.block.m * row_a > keeps)
        reads_a = std::max(1.0, double(tiles_n) * band / sms);  // and A stays in L2 meanwhile
    if (reads_a * m * row_a + reads_b * n * row_b < keeps) reads_a = reads_b = 1;
    const auto scale_words = [k](const operand_info& x, double mn) {
        return x.format == scale_kind::none ? 0 : mn / x.tile.mn * k / 128;
    };
    return m * row_a * reads_a + n * row_b * reads_b + 4 * (scale_words(work.a, m) + scale_words(work.b, n)) +
           m * n * size_of(work.d) * (work.accumulate ? 2 : 1);
}

/// Clocks of the epilogue of a tile, and of the step to the next tile.
inline double epilogue_clocks(const kernel_info& info, const cost_parameters& p) {
    const double waves = info.cfg.block.m / (64.0 * sharers(info.cfg));
    const double fragment = p.epilogue_fragment + p.epilogue_bytes * info.cfg.block.n * size_of(info.d);
    const double sums =
        info.cfg.split_k == 1 ? 0 : p.split + (info.cfg.split_k - 1) * waves * info.cfg.block.n * p.split_column;
    return p.tile + sums + waves * fragment * (info.accumulate && !info.in_place ? p.accumulate_factor : 1.0);
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
    const i64 ctas = sms / cfg.cluster_ctas() * cfg.cluster_ctas();
    const double k_blocks = double(ceil_div(i64(work.shape.k), i64(cfg.block.k) * cfg.split_k));  // of one CTA
    const double outside = double(tiles_m * cfg.block.m - work.shape.m) / double(tiles_m);

    cost made;
    made.tiles = tiles_m * tiles_n;
    const i64 parts = made.tiles * cfg.split_k;  // each the work of one CTA
    made.waves = ceil_div(parts, ctas);
    made.tile_efficiency =
        double(work.shape.m) * work.shape.n * cfg.split_k / (double(made.waves * ctas) * cfg.block.m * cfg.block.n);
    made.start_us = p.start_us;
    made.memory_us = detail::memory_bytes(info, work, device, tiles_m, tiles_n, sms, p) /
                     (p.memory_share * device.hbm_gb_per_s * 1000);

    // The clock follows the power drawn, that is, the share of all the device's tensor cores that work.
    const i64 first = std::min(parts, ctas), last = parts - (made.waves - 1) * ctas;
    const auto block = detail::k_block_clocks(info, double(first), device.sm_count, outside, p);
    const double epilogue = detail::epilogue_clocks(info, p);
    // Warpgroups that take turns have their epilogues under each other's main loops, but for the last.
    const double turns = cfg.math_warpgroups / detail::sharers(cfg);
    const double exposed = std::max(0.0, epilogue / turns - (1 - 1 / turns) * block.clocks * k_blocks);
    const double epilogues = (double(made.waves - 1) * exposed + epilogue) / double(made.waves);
    const double use = block.multiplying * k_blocks / (block.clocks * k_blocks + epilogues) * double(parts) /
                       double(made.waves * device.sm_count);
    const double clocks_per_us = device.clock_mhz * (p.idle_clock - p.power_clock * use);

    // Full waves, then what is left: fewer CTAs, so that L2 and memory serve each of them faster.
    made.total_us = made.start_us;
    const auto add_waves = [&](i64 waves, i64 active, double clocks, double after) {
        const double main_loop = clocks * k_blocks / clocks_per_us, computing = main_loop + after / clocks_per_us;
        const double moving = made.memory_us * double(active) / double(parts);
        made.main_loop_us += double(waves) * main_loop;
        made.epilogue_us += double(waves) * (computing - main_loop);
        made.total_us += double(waves) * (std::max(computing, moving) + p.exposed * std::min(computing, moving));
    };
    if (made.waves > 1) add_waves(made.waves - 1, ctas, block.clocks, exposed);
    add_waves(1, last, detail::k_block_clocks(info, double(last), device.sm_count, outside, p).clocks, epilogue);

    made.limit = made.memory_us > made.main_loop_us + made.epilogue_us ? bound::memory
                 : made.epilogue_us > made.main_loop_us                ? bound::epilogue
                                                                       : block.limit;
    return made;
}

}  // namespace deepgemm
