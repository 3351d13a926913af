// SPDX-License-Identifier: MIT
// Predicts how long a kernel takes on a workload. An estimate to rank configurations by, not a simulation: what one K block
// costs a CTA, how many waves of tiles there are, what memory must move. Pure arithmetic; about 200 ns a call.
// docs/tuning-model.md tells how well it chooses.
#pragma once

#include <algorithm>
#include <cmath>

#include <deepgemm/host/cost.hpp>
#include <deepgemm/host/device.hpp>
#include <deepgemm/ops/gemm/problem.hpp>

namespace deepgemm {

/// Constants of the model, in clocks of an SM unless they say otherwise. Each is a figure that can be read off single kernels
/// (in brackets, where one was, on an H100), moved to fit the times of all shipped kernels on 128 products on an H200.
struct cost_parameters {
    double start_us = 1.82;      ///< launch, first loads, last stores (an empty product takes about 3)
    double power_clock = 0.136;  ///< share of the clock lost to power when all tensor cores work (0.17 to 0.2)
    double mma_bytes = 85.3;     ///< operand bytes per clock that wgmma reads from shared memory: binds for n below 128
    double block_latency = 76.9;         ///< per K block: barrier, issue, drain of the tensor core (one warpgroup: 130)
    double promotion_per_column = 1.83;  ///< scaling and adding a 64-row fragment
    double overlap[3] = {0.891, 0.486, 0.335};  ///< share of the two above that 0, 1, 2 other warpgroups do not hide
    double deferred[3] = {153, 121, 34.7};      ///< replaces both where promotion is deferred (75; 10 to 50)
    double in_flight = 70.8;                    ///< replaces both where nothing is promoted
    double token_per_column = 0.88;  ///< per column of a fragment, where each has a scale: hidden by no warpgroup
    double l2_bytes = 58.1;          ///< out of L2 for each SM, if all of them read (53 to 66)
    double astray = 1.49;  ///< lines of L2 for each that is needed, where rows do not start at one (2 for every other)
    double load_latency = 2446;       ///< from device memory to shared memory, under load; hidden by stages
    double tile = 155;                ///< from a tile to the next (150 to 250)
    double epilogue_fragment = 125;   ///< rounding and staging a 64-row fragment
    double store_bytes = 42.9;        ///< of D per clock, from registers to shared memory and on
    double late_bytes = 26.6;         ///< the same of what finds no free staging buffer, on top
    double accumulate_factor = 3.26;  ///< for store_bytes where C is read
    double split = 1726;              ///< to bring the totals of the parts of a tile together (1000 to 1750),
    double split_column = 39.4;       ///< and for each column of a 64-row fragment (28 to 61)
    double memory_share = 0.908;      ///< of the peak of device memory, reached with nothing in its way (0.92)
    double added = 2.65;              ///< bytes moved for each byte of D that L2 adds to (2.7; 2 where C is read)
    double left_over = 0.671;  ///< share of L2 that others have written to: replaced lines go back to memory first
    double together = 4.57;    ///< norm that joins computing and moving: 1 would be their sum, infinity the longer
    double l2_share = 0.534;   ///< of L2 that keeps operands from one band of tiles to the next
};

namespace detail {

/// Bytes of `rows` rows of an operand, and of their scales.
inline double bytes_of(const operand_info& x, i64 rows, i64 k) {
    const double elements = double(rows) * double(k) * size_of(x.type);
    if (x.format == scale_kind::none) return elements;
    return elements + 4.0 * double(ceil_div(rows, i64(x.tile.mn))) * double(ceil_div(k, k_per_word(x.format, x.tile)));
}

}  // namespace detail

/// What a product asks of any kernel.
inline demand demand_of(const gemm_workload& work) {
    const i64 m = work.shape.m, n = work.shape.n, k = work.shape.k;
    const double results = double(m) * double(n);
    return {2 * results * double(k), detail::bytes_of(work.a, m, k) + detail::bytes_of(work.b, n, k) +
                                         results * size_of(work.d) * (work.accumulate ? 2 : 1)};
}

namespace detail {

/// How a kernel cuts a product into tiles.
struct tiling {
    i64 m, n;          ///< tiles along each axis, whole clusters counted
    double rows_of_a;  ///< in the copy of a tile of A, as many as gemm::rows_of_a lets it

    static tiling of(const config& cfg, const gemm_workload& work) {
        const auto tiles = [](i64 extent, int block, int cluster) {
            return ceil_div(extent, i64(block) * cluster) * cluster;
        };
        const i32 m = work.shape.m, n = work.shape.n;
        const i64 rows = cfg.cluster.n > 1 ? cfg.block.m : std::min(cfg.block.m, align_up(m, 8));
        return {tiles(m, cfg.block.m, cfg.cluster.m), tiles(n, cfg.block.n, cfg.cluster.n), double(rows)};
    }
};

/// Clocks of one K block of a CTA, those in which the tensor cores work at their best, and what sets them.
struct block_clocks {
    double clocks, multiplying;
    bound limit;
};

/// Warpgroups that share a tile: all that multiply, or one where they take turns.
inline int sharers(const config& cfg) { return cfg.sm90.alternate ? 1 : cfg.sm90.warpgroups; }

/// Bytes of a row of an operand.
inline double row_bytes(const gemm_workload& work, const operand_info& x) {
    return double(work.shape.k) * size_of(x.type);
}

/// A block of a CTA while a share `active` of the multiprocessors work.
inline block_clocks k_block_clocks(const gemm_info& info, const gemm_workload& work, double rows_of_a, double active,
                                   const cost_parameters& p) {
    const config& cfg = info.cfg;
    const double n = cfg.block.n, fragments = cfg.block.m / 64.0;
    const int others = std::clamp(sharers(cfg), 1, 3) - 1;
    // wgmma of 64 x n x 32 bytes, four in a 128-byte row: n / 2 clocks each, unless reading both operands takes longer.
    const double bytes = cfg.block.k * double(size_of(info.traits.a.type)), steps = bytes / 32;  // of a row of a tile
    const double best = steps * n / 2, multiply = std::max(best, (64 + n) * bytes / p.mma_bytes);
    double waiting = p.overlap[others] * (p.block_latency + p.promotion_per_column * n);
    if (cfg.sm90.promote == promotion::deferred) waiting = p.deferred[others];
    if (cfg.sm90.promote == promotion::never) waiting = p.in_flight;
    if (info.traits.b.format != scale_kind::none && info.traits.b.tile.mn == 1)
        waiting += fragments * p.token_per_column * n;
    const double tensor = fragments * multiply + waiting;

    const double a = rows_of_a * bytes, b = n * bytes;
    const bool along_k = work.a.contiguous == major::k && work.b.contiguous == major::k;
    const double lines = along_k && std::fmod(row_bytes(work, work.a), 128) != 0 ? p.astray : 1;
    const double l2_bytes = p.l2_bytes / (lines * std::min(1.0, active));
    const double fill = (a / cfg.cluster.n + b / cfg.cluster.m) / l2_bytes;
    const double stream = p.load_latency / std::max(cfg.stages, 1);
    const double clocks = std::max({tensor, fill, stream});
    const bound limit = clocks == fill                                             ? bound::fill
                        : clocks == stream || waiting > 0.5 * fragments * multiply ? bound::latency
                                                                                   : bound::tensor_cores;
    return {clocks, fragments * best, limit};
}

/// Bytes through device memory: every operand once, more often where a band of tiles does not find it in L2 any more; D; and
/// what was in L2 before and must be written back.
inline double memory_bytes(const gemm_info& info, const gemm_workload& work, const device_info& device,
                           const tiling& tiles, int sms, const cost_parameters& p) {
    const config& cfg = info.cfg;
    const double m = work.shape.m, n = work.shape.n, k = work.shape.k,
                 l2 = std::max<double>(1, double(device.l2_bytes));
    const double row_a = row_bytes(work, work.a), row_b = row_bytes(work, work.b), keeps = p.l2_share * l2;
    const double band = std::min<double>(cfg.raster_rows, double(tiles.m));
    double reads_a = 1, reads_b = 1;
    if (n * row_b > keeps) reads_b = std::ceil(double(tiles.m) / band);  // each band walks all of B
    if (band * cfg.block.m * row_a > keeps)
        reads_a = std::max(1.0, double(tiles.n) * band / sms);  // and A stays in L2 meanwhile
    if (reads_a * m * row_a + reads_b * n * row_b < keeps) reads_a = reads_b = 1;
    const auto scale_words = [k](const operand_info& x, double mn) {
        return x.format == scale_kind::none ? 0 : mn / x.tile.mn * k / 128;
    };
    const double a = m * row_a * reads_a, b = n * row_b * reads_b;
    const double rest = 4 * (scale_words(work.a, m) + scale_words(work.b, n)) + m * n * size_of(work.d) *
                                                                                    (info.traits.in_place ? p.added
                                                                                     : work.accumulate    ? 2
                                                                                                          : 1);
    // An operand that is read once displaces no more than what of it is on its way (pipeline/operand_stream.cuh).
    const double ctas = std::min<double>(double(tiles.m * tiles.n) * cfg.split_k, sms);
    const double on_way = cfg.stages * 128 * ctas;  // for each row of a tile
    const double displaced = rest + (tiles.n == cfg.cluster.n ? std::min(a, cfg.block.m * on_way) : a) +
                             (tiles.m == cfg.cluster.m ? std::min(b, cfg.block.n * on_way) : b);
    return a + b + rest + p.left_over * l2 * (1 - std::exp(-displaced / l2));  // lines are replaced at random
}

/// Clocks of the epilogue of a tile, and of the step to the next tile.
inline double epilogue_clocks(const gemm_info& info, const cost_parameters& p) {
    const config& cfg = info.cfg;
    const double fragments = cfg.block.m / (64.0 * sharers(cfg)), columns = fragments * cfg.block.n;  // of a warpgroup
    const int buffered =
        cfg.store_buffers * cfg.store_columns;  // 0: left to the kernel, which takes one for each column
    const double staged = buffered == 0 ? columns : std::min(columns, double(buffered));
    const double late = 64.0 * cfg.sm90.warpgroups * (columns - staged) * size_of(info.traits.d);
    const double bytes = double(cfg.block.m) * cfg.block.n * size_of(info.traits.d);
    const double sums = cfg.split_k == 1 ? 0 : p.split + columns * p.split_column;
    return p.tile + sums + fragments * p.epilogue_fragment + late / p.late_bytes +
           bytes / p.store_bytes * (info.traits.accumulate && !info.traits.in_place ? p.accumulate_factor : 1);
}

/// CTAs that run at a time. A cluster does not leave a GPC, of 16 or 18 multiprocessors: four CTAs do not divide all of them.
inline i64 ctas_at_once(const config& cfg, int sms) {
    const int usable = cfg.cluster_ctas() > 2 ? sms - sms / 33 : sms;
    return std::max(usable / cfg.cluster_ctas(), 1) * cfg.cluster_ctas();
}

/// Predicts a kernel whose tiles, each of `work`'s K, make up `needed` elements of results, and move `bytes` through device memory.
inline cost predict_tiles(const gemm_info& info, const gemm_workload& work, const device_info& device, int sms,
                          const tiling& tiles, double needed, double bytes, const cost_parameters& p) {
    const config& cfg = info.cfg;
    const i64 ctas = ctas_at_once(cfg, sms);
    const i64 blocks = ceil_div(i64(work.shape.k), i64(cfg.block.k) * cfg.split_k);  // of one CTA
    const double k_blocks = double(blocks);

    cost made;
    made.tiles = tiles.m * tiles.n;
    const i64 parts = made.tiles * cfg.split_k;  // each the work of one CTA
    made.waves = ceil_div(parts, ctas);
    made.tile_efficiency = needed / (double(made.tiles) * cfg.block.m * cfg.block.n);
    made.wave_efficiency = double(parts) / (double(made.waves) * sms);
    made.start_us = p.start_us;
    made.memory_us = bytes / (p.memory_share * device.hbm_gb_per_s * 1000);

    const auto block_of = [&](i64 active) {
        return k_block_clocks(info, work, tiles.rows_of_a, double(active) / device.sm_count, p);
    };
    // The clock follows the power drawn, that is, the share of all the device's tensor cores that work.
    const i64 first = std::min(parts, ctas), last = parts - (made.waves - 1) * ctas;
    const auto block = block_of(first), last_block = block_of(last);
    const double epilogue = epilogue_clocks(info, p);
    // Warpgroups that take turns have their epilogues under each other's main loops, but for the last.
    const double turns = double(cfg.sm90.warpgroups) / sharers(cfg);
    const double exposed = std::max(0.0, epilogue / turns - (1 - 1 / turns) * block.clocks * k_blocks);
    const double epilogues = (double(made.waves - 1) * exposed + epilogue) / double(made.waves);
    const double use = block.multiplying * k_blocks / (block.clocks * k_blocks + epilogues) * double(parts) /
                       double(made.waves * device.sm_count);
    const double clocks_per_us = device.clock_mhz * (1 - p.power_clock * use);

    // Full waves, then what is left: fewer CTAs, so that L2 and memory serve each of them faster.
    made.total_us = made.start_us;
    const auto add_waves = [&](i64 waves, i64 active, double clocks, double after) {
        const double main_loop = clocks * k_blocks / clocks_per_us, computing = main_loop + after / clocks_per_us;
        const double moving = made.memory_us * double(active) / double(parts);
        made.main_loop_us += double(waves) * main_loop;
        made.epilogue_us += double(waves) * (computing - main_loop);
        made.total_us +=
            double(waves) * std::pow(std::pow(computing, p.together) + std::pow(moving, p.together), 1 / p.together);
    };
    if (made.waves > 1) add_waves(made.waves - 1, ctas, block.clocks, exposed);
    add_waves(1, last, last_block.clocks, 0);
    // When the last loads have landed, a K block and an epilogue are still to do.
    const double drain = (last_block.clocks + epilogue) / clocks_per_us;
    made.epilogue_us += drain;
    made.total_us += drain;

    made.limit = made.memory_us > made.main_loop_us + made.epilogue_us ? bound::memory
                 : made.epilogue_us > made.main_loop_us                ? bound::epilogue
                                                                       : block.limit;
    return made;
}

}  // namespace detail

/// Predicts a kernel on a workload, with `sms` multiprocessors of the device to itself. The kernel must fit the workload;
/// M and N are positive.
inline cost predict(const gemm_info& info, const gemm_workload& work, const device_info& device, int sms,
                    const cost_parameters& p = {}) {
    if (info.cfg.swap) return predict(exchanged(info), exchanged(work), device, sms, p);
    const auto tiles = detail::tiling::of(info.cfg, work);
    return detail::predict_tiles(info, work, device, sms, tiles, double(work.shape.m) * work.shape.n,
                                 detail::memory_bytes(info, work, device, tiles, sms, p), p);
}

}  // namespace deepgemm
