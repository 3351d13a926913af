// SPDX-License-Identifier: MIT
// Predicts how long a kernel takes on a workload; kernels of Blackwell are predicted by sm100_cost.hpp. It is an estimate for
// ranking configurations, not a simulation: the cost of one K block of a CTA, the number of waves of tiles, the bytes that
// memory must move. Pure arithmetic; a call takes about 200 ns. docs/tuning-model.md reports how well it chooses.
#pragma once

#include <algorithm>
#include <cmath>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/cost.hpp>
#include <deepgemm/host/device.hpp>
#include <deepgemm/ops/gemm/demand.hpp>
#include <deepgemm/ops/gemm/sm100_cost.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// Constants of the model, in clocks of an SM unless they say otherwise. Figures in brackets were measured on single kernels on
/// an H100; the constants were then fitted to the times of all shipped kernels on 128 products on an H200.
struct cost_parameters {
    double start_us = 1.82;      ///< launch, first loads, last stores (an empty product takes about 3)
    double power_clock = 0.136;  ///< share of the clock lost to power when all tensor cores work (0.17 to 0.2)
    double mma_bytes = 85.3;  ///< operand bytes per clock that wgmma reads from shared memory: a limit for n below 128
    double block_latency = 76.9;         ///< per K block: barrier, issue, drain of the tensor core (one warpgroup: 130)
    double promotion_per_column = 1.83;  ///< scaling and adding a 64-row fragment
    double overlap[3] = {0.891, 0.486, 0.335};  ///< share of the two above that 0, 1, 2 other warpgroups do not hide
    double deferred[3] = {153, 121, 34.7};      ///< replaces both if promotion is deferred (75; 10 to 50)
    double in_flight = 70.8;                    ///< replaces both if nothing is promoted
    double token_per_column = 0.88;  ///< per column of a fragment, if each has a scale; no other warpgroup hides it
    double l2_bytes = 58.1;          ///< bytes out of L2 for each SM, if all of them read (53 to 66)
    double astray = 1.49;  ///< lines of L2 read for each that is needed, if rows do not start at one (2 for every 2nd)
    double load_latency = 2446;       ///< from device memory to shared memory, under load; hidden by stages
    double tile = 155;                ///< from one tile to the next (150 to 250)
    double epilogue_fragment = 125;   ///< rounding and staging a 64-row fragment
    double store_bytes = 42.9;        ///< bytes of D per clock, from registers to shared memory and on
    double late_bytes = 26.6;         ///< the same for bytes that find no free staging buffer, in addition
    double accumulate_factor = 3.26;  ///< divides store_bytes if C is read
    /// For each column of a 64-row fragment whose scales hold for all of K (instructions counted).
    double end_scales = 2;
    double split = 1726;          ///< bringing the totals of the parts of a tile together (1000 to 1750),
    double split_column = 39.4;   ///< and for each column of a 64-row fragment (28 to 61)
    double memory_share = 0.908;  ///< share of the peak of device memory that is reached with nothing in its way (0.92)
    double added = 2.65;          ///< bytes moved for each byte of D to which L2 adds (2.7; 2 if C is read)
    double left_over = 0.671;     ///< share of L2 that others have written to; replaced lines go back to memory first
    double together = 4.57;   ///< norm that joins computing and moving: 1 would be their sum, infinity the longer one
    double l2_share = 0.534;  ///< share of L2 that keeps operands from one band of tiles to the next
};

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

/// Clocks of one K block of a CTA, clocks of its multiplies at their best, and the limit that determines the first.
struct block_clocks {
    double clocks, multiplying;
    bound limit;
};

/// Warpgroups that share a tile: all that multiply, or one if they take turns.
inline int sharers(const config& cfg) { return cfg.sm90.alternate ? 1 : cfg.sm90.warpgroups; }

/// One K block of a CTA, while a share `active` of the multiprocessors work.
inline block_clocks k_block_clocks(const gemm_info& info, const gemm_workload& work, double rows_of_a, double active,
                                   const cost_parameters& p) {
    const config& cfg = info.cfg;
    const double n = double(cfg.block.n) / cfg.sm90.column_parts,
                 fragments = cfg.block.m / 64.0 * cfg.sm90.column_parts;
    const int others = std::clamp(sharers(cfg), 1, 3) - 1;
    // wgmma of 64 x n x 32 bytes, n being the columns of a part, four in a 128-byte row: n / 2 clocks each, unless reading both
    // operands takes longer.
    const double bytes = cfg.block.k * double(size_of(info.traits.a.type)), steps = bytes / 32;  // of a row of a tile
    const double best = steps * n / 2, multiply = std::max(best, (64 + n) * bytes / p.mma_bytes);
    double waiting = p.overlap[others] * (p.block_latency + p.promotion_per_column * n);
    if (cfg.sm90.promote == promotion::deferred) waiting = p.deferred[others];
    if (cfg.sm90.promote == promotion::never) waiting = p.in_flight;
    if (info.traits.b.format != scale_kind::none && info.traits.b.tile == scale_tile{1, 128})
        waiting += fragments * p.token_per_column * n;
    const double tensor = fragments * multiply + waiting;

    const double a = rows_of_a * bytes, b = cfg.keeps_b ? 0 : cfg.block.n * bytes;
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

/// Bytes through device memory: every operand once, or more often if a band of tiles does not find it in L2 any more; D; and
/// lines that were in L2 before and must be written back.
inline double memory_bytes(const gemm_info& info, const gemm_workload& work, const device_info& device,
                           const tiling& tiles, int sms, const cost_parameters& p) {
    const config& cfg = info.cfg;
    const double m = work.shape.m, n = work.shape.n, k = work.shape.k,
                 l2 = std::max<double>(1, double(device.l2_bytes));
    const double row_a = row_bytes(work, work.a), row_b = row_bytes(work, work.b), keeps = p.l2_share * l2;
    const double band = std::min<double>(cfg.raster_rows, double(tiles.m));
    const auto reads = operand_reads::of(work, tiles.m, tiles.n, band, cfg.block.m, row_a, row_b, keeps, sms);
    const auto scale_words = [k](const operand_info& x, double mn) {
        return x.format == scale_kind::none || x.tile.all_of_k() ? 0 : mn / x.tile.mn * k / 128;
    };
    const double a = m * row_a * reads.a, b = n * row_b * reads.b;
    const double rest = 4 * (scale_words(work.a, m) + scale_words(work.b, n)) +
                        m * double(work.epilogue.columns_after(work.shape.n)) * size_of(work.d) *
                            (info.traits.in_place ? p.added
                             : work.accumulate    ? 2
                                                  : 1);
    // An operand that is read once displaces only as much as is under way (pipeline/operand_stream.cuh).
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
    const bool scaled = info.traits.a.tile.all_of_k() || info.traits.b.tile.all_of_k();
    return p.tile + sums + (scaled ? p.end_scales * columns : 0) + fragments * p.epilogue_fragment +
           late / p.late_bytes +
           bytes / p.store_bytes * (info.traits.accumulate && !info.traits.in_place ? p.accumulate_factor : 1);
}

/// Predicts a kernel whose tiles, each of `work`'s K, hold `needed` elements of results and move `bytes` through device memory.
inline cost predict_tiles(const gemm_info& info, const gemm_workload& work, const device_info& device, int sms,
                          const tiling& tiles, double needed, double bytes, const cost_parameters& p) {
    const config& cfg = info.cfg;
    const i64 ctas = ctas_at_once(cfg.cluster_ctas(), sms);
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
    // The clock depends on the power drawn, and so on the share of all the device's tensor cores that work.
    const i64 first = std::min(parts, ctas), last = parts - (made.waves - 1) * ctas;
    const auto block = block_of(first), last_block = block_of(last);
    const double epilogue = epilogue_clocks(info, p);
    // Warpgroups that take turns hide their epilogues behind each other's main loops, except for the last one.
    const double turns = double(cfg.sm90.warpgroups) / sharers(cfg);
    const double exposed = std::max(0.0, epilogue / turns - (1 - 1 / turns) * block.clocks * k_blocks);
    const double epilogues = (double(made.waves - 1) * exposed + epilogue) / double(made.waves);
    const double use = block.multiplying * k_blocks / (block.clocks * k_blocks + epilogues) * double(parts) /
                       double(made.waves * device.sm_count);
    const double clocks_per_us = device.clock_mhz * (1 - p.power_clock * use);

    // Full waves, then the last wave, which has fewer CTAs, so that each of them gets more of L2 and memory.
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
    // When the last loads have landed, one K block and one epilogue remain.
    const double drain = (last_block.clocks + epilogue) / clocks_per_us;
    made.epilogue_us += drain;
    made.total_us += drain;

    made.limit = made.memory_us > made.main_loop_us + made.epilogue_us ? bound::memory
                 : made.epilogue_us > made.main_loop_us                ? bound::epilogue
                                                                       : block.limit;
    return made;
}

/// The constants of the model for a kernel of many products with both operands scaled by token, fitted to times of groups of K
/// in FP8 on an H200. A warpgroup of several fragments reads the scales of B once for all of them, and goes on with one while
/// another is stored. What is gained where lines of D are in L2 when their tile ends is a guess; warpgroups in turns hide that
/// anyway.
inline cost_parameters gradient_parameters(const config& cfg, cost_parameters p) {
    const bool several = cfg.block.m / 64 > sharers(cfg) && !cfg.sm90.alternate;
    p.token_per_column *= several ? 0.74 : 1.25;
    if (several) p.store_bytes *= 1.35;
    if (cfg.d_ahead) p.store_bytes *= cfg.sm90.alternate ? 0.95 : 1.2;
    return p;
}

}  // namespace detail

/// Predicts a kernel on a workload, with `sms` multiprocessors of the device to itself. The kernel must fit the workload;
/// M and N are positive.
inline cost predict(const gemm_info& info, const gemm_workload& work, const device_info& device, int sms,
                    const cost_parameters& p = {}) {
    if (info.launch.arch == arch::sm100::number) return predict(sm100_tile_of(info.cfg), work, device, sms);
    if (info.cfg.swap) return predict(exchanged(info), exchanged(work), device, sms, p);
    const auto tiles = detail::tiling::of(info.cfg, work);
    return detail::predict_tiles(info, work, device, sms, tiles, double(work.shape.m) * work.shape.n,
                                 detail::memory_bytes(info, work, device, tiles, sms, p), p);
}

}  // namespace deepgemm
