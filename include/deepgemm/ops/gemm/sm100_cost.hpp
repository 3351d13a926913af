// SPDX-License-Identifier: MIT
// Predicts how long a tile of a GEMM takes on Blackwell, and what binds it. No machine was at hand: figures come from public
// measurements, from parts lists, or were taken over from Hopper, and each says which. So predictions are to be checked, on a
// B200, by the command that docs/sm100-times.md names; they rank tiles until then.
#pragma once

#include <algorithm>
#include <cmath>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/device.hpp>
#include <deepgemm/ops/gemm/demand.hpp>
#include <deepgemm/ops/gemm/sm100_tile.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// Constants of the model, in clocks of a multiprocessor unless they say otherwise. "Measured" is a public measurement on a
/// B200, "of Hopper" a figure of cost_parameters, which was fitted on an H200, and "assumed" has no source.
struct sm100_parameters {
    double port_bytes = 128;   ///< operand bytes per clock that multiplies read from shared memory (measured)
    double tmem_bytes = 1024;  ///< bytes per clock out of tensor memory, 256 for each 32 lanes (measured)
    double scale_bytes = 64;   ///< bytes of scales per clock that are copied to all lanes of tensor memory (measured)
    double l2_bytes = 58.1;    ///< bytes per clock out of L2 for each multiprocessor, if all of them read (of Hopper)
    /// From memory to shared memory; hidden by stages (500 to 900, and 700 more: a public model).
    double load_latency = 1600;
    double split = 1726;          ///< bringing the totals of the parts of K of a tile together (of Hopper),
    double split_bytes = 20;      ///< and bytes of them per clock into a CTA (of Hopper: 39.4 for 64 rows from 3 parts)
    double store_bytes = 64;      ///< bytes of D per clock through shared memory, in and out at 128 each (assumed)
    double tile = 155;            ///< from one tile to the next, if nothing is stored meanwhile (of Hopper)
    double claim = 40;            ///< beside `tile`, where a role learns of the next one by a ring (assumed)
    double start_us = 1.82;       ///< launch, first loads, last stores (of Hopper)
    double power_clock = 0.059;   ///< share of the clock lost if all tensor cores work (lists: 1.85 of 1.965 GHz)
    double memory_share = 0.908;  ///< share of the peak of device memory that is reached (of Hopper)
    double l2_share = 0.534;      ///< share of L2 that keeps operands from one band of tiles to the next (of Hopper)
    double together = 4.57;       ///< norm that joins computing and moving (of Hopper)
};

/// What one K block and the epilogue of a tile take in a CTA, each part by itself, in clocks.
struct sm100_clocks {
    double multiply = 0;  ///< tensor cores, with the pauses that tc_util gives them
    double port = 0;      ///< operands and scales read from shared memory
    double scales = 0;    ///< scales copied to tensor memory
    double fill = 0;      ///< operands and scales from L2
    double latency = 0;   ///< from memory, spread over the stages
    double totals = 0;    ///< accumulator read from tensor memory, for a tile
    double exchange = 0;  ///< totals of other parts of K, for a tile
    double store = 0;     ///< D staged in shared memory and stored, for a tile

    /// The longest part of a K block, and which it is.
    constexpr double block() const { return std::max({multiply, port, scales, fill, latency}); }
    constexpr bound block_bound() const {
        const double longest = block();
        return longest == multiply                    ? bound::tensor_cores
               : longest == port || longest == scales ? bound::port
               : longest == fill                      ? bound::fill
                                                      : bound::latency;
    }
    constexpr double epilogue() const { return std::max(totals, store) + exchange; }
};

namespace detail {

/// The clocks of a tile that is not swapped, for a product whose M rows the multiply has as rows.
inline sm100_clocks sm100_clocks_of(const sm100_tile& tile, const gemm_workload& work, double active,
                                    const sm100_parameters& p) {
    const sm100_product how = sm100_product_of(work.a, work.b);
    const double rows = 128, columns = tile.n, k = how.block_k();
    const double row_bytes = k * how.element_bits / 8;  // of a stage, in shared memory
    // Scales come for 128 rows at a time, and in bytes: a row of tensor memory has one for each 16, 32 or 128 elements.
    const auto scale_bytes = [k](int rows_of, int scale_k) {
        return scale_k == 0 ? 0 : sm100_scale_rows(rows_of) * k / scale_k;
    };
    const double scales = scale_bytes(tile.m, how.scale_k_a) + scale_bytes(tile.n, how.scale_k_b);
    sm100_clocks made;
    made.multiply = rows * columns * k / how.macs * (100.0 / tile.tc_util);
    // Scales are put in order by a warp, a read and a write, and read once more by the copy.
    made.port = ((rows + columns / tile.ctas) * row_bytes + 3 * scales) / p.port_bytes;
    made.scales = scales / p.scale_bytes;
    const double loaded_rows = std::min<double>(tile.m, align_up(work.shape.m, 8)),
                 loaded_columns = std::min<double>(tile.n, align_up(work.shape.n, 8)) / tile.ctas;
    const double bytes =
        (loaded_rows / tile.cluster.n * bits_of(work.a.type) + loaded_columns / tile.cluster.m * bits_of(work.b.type)) *
            k / 8 +
        scales;
    // Where few multiprocessors read, each gets more, but no more than its shared memory takes.
    made.fill = bytes / std::min(p.l2_bytes / std::min(1.0, active), p.port_bytes);
    made.latency = p.load_latency / std::max(sm100_stages(tile, how, work.d), 1);
    made.totals = rows * columns * 4 / p.tmem_bytes;
    const double warps = sm100_collected_warps(tile);  // of four, whose rows the CTA stores
    made.store = warps / 4 * double(tile.m) * columns * size_of(work.d) / p.store_bytes;
    if (tile.split_k > 1) made.exchange = p.split + (tile.split_k - 1) * warps * 32 * columns * 4 / p.split_bytes;
    return made;
}

}  // namespace detail

/// The clocks of a tile of `work`, while a share `active` of the multiprocessors work. The tile must be valid.
inline sm100_clocks clocks_of(const sm100_tile& tile, const gemm_workload& work, double active = 1,
                              const sm100_parameters& p = {}) {
    if (!tile.swap) return detail::sm100_clocks_of(tile, work, active, p);
    sm100_tile turned = tile;
    turned.swap = false;
    swap_values(turned.m, turned.n);
    swap_values(turned.cluster.m, turned.cluster.n);
    return detail::sm100_clocks_of(turned, exchanged(work), active, p);
}

/// Predicts a product of these tiles, with `sms` multiprocessors of the device to itself. The tile must be valid; M and N are
/// positive.
inline cost predict(const sm100_tile& tile, const gemm_workload& work, const device_info& device, int sms,
                    const sm100_parameters& p = {}) {
    const sm100_product how = sm100_product_of(work.a, work.b);
    const double m = work.shape.m, n = work.shape.n;
    const auto tiles_along = [](i32 extent, int block, int together) {
        return ceil_div(i64(extent), i64(block) * together) * together;
    };
    const i64 along_m = tiles_along(work.shape.m, tile.m, tile.ctas_m()),
              along_n = tiles_along(work.shape.n, tile.n, tile.ctas_n());
    const i64 ctas = detail::ctas_at_once(tile.cluster_ctas(), sms);
    cost made;
    made.tiles = along_m * along_n;
    const i64 parts = made.tiles * tile.split_k;  // each the work of one CTA
    made.waves = ceil_div(parts, ctas);
    made.tile_efficiency = m * n / (double(made.tiles) * tile.m * tile.n);
    made.wave_efficiency = double(parts) / (double(made.waves) * sms);
    made.start_us = p.start_us;

    const double row_a = detail::row_bytes(work, work.a), row_b = detail::row_bytes(work, work.b);
    const auto reads =
        detail::operand_reads::of(work, along_m, along_n, std::min<double>(tile.raster_rows, double(along_m)), tile.m,
                                  row_a, row_b, p.l2_share * double(device.l2_bytes), sms);
    const double once = demand_of(work).bytes;  // operands, scales and D
    const double bytes = once + m * row_a * (reads.a - 1) + n * row_b * (reads.b - 1);
    made.memory_us = bytes / (p.memory_share * device.hbm_gb_per_s * 1000);

    const double blocks = double(ceil_div(i64(work.shape.k), i64(how.block_k()) * tile.split_k));  // of one CTA
    const i64 last = parts - (made.waves - 1) * ctas;
    const auto of = [&](i64 working) { return clocks_of(tile, work, double(working) / device.sm_count, p); };
    const sm100_clocks full = of(std::min(parts, ctas)), ends = of(last);
    // An epilogue runs under the next tile if there is a second accumulator, but for that of the last tile.
    const bool hides = tile.accumulators > 1;
    const double claim = tile.source == tile_source::claimed ? p.claim : 0, step = p.tile + claim;
    const double main = full.block() * blocks + claim, epilogue = full.epilogue() + step;
    const double steady = hides ? std::max(main, epilogue) : main + epilogue;
    const double use = std::min(1.0, full.multiply * (tile.tc_util / 100.0) * blocks / steady) * double(parts) /
                       double(made.waves * device.sm_count);
    const double clocks_per_us = device.clock_mhz * (1 - p.power_clock * use);

    made.total_us = made.start_us;
    const auto add = [&](double waves, i64 working, double computing) {
        const double compute_us = computing / clocks_per_us, move_us = made.memory_us * double(working) / double(parts);
        made.total_us +=
            waves * std::pow(std::pow(compute_us, p.together) + std::pow(move_us, p.together), 1 / p.together);
    };
    if (made.waves > 1) add(double(made.waves - 1), ctas, steady);
    add(1, last, ends.block() * blocks);
    made.main_loop_us = (double(made.waves - 1) * main + ends.block() * blocks) / clocks_per_us;
    made.epilogue_us = (double(made.waves - 1) * (steady - main) + ends.epilogue() + step) / clocks_per_us;
    made.total_us += (ends.epilogue() + step) / clocks_per_us;  // the last one stands alone

    const bool storing = made.epilogue_us > made.main_loop_us || (made.waves > 1 && epilogue > main);
    made.limit = made.memory_us > made.main_loop_us + made.epilogue_us ? bound::memory
                 : storing                                             ? bound::epilogue
                                                                       : (made.waves > 1 ? full : ends).block_bound();
    return made;
}

}  // namespace deepgemm
