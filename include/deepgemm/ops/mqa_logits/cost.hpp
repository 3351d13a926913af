// SPDX-License-Identifier: MIT
// Predicts how long a kernel of mqa_logits takes. Ranges are in device memory, so the prediction is for queries that see all
// keys; it ranks kernels, whatever share of the keys they see.
#pragma once

#include <algorithm>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/cost.hpp>
#include <deepgemm/host/device.hpp>
#include <deepgemm/host/kernel_handle.hpp>
#include <deepgemm/ops/mqa_logits/problem.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// The description of a kernel of mqa_logits.
using mqa_logits_info = kernel_info<stored_mqa_traits, mqa_logits_config>;

/// What the scores of all keys for all queries demand of any kernel.
inline demand demand_of(const mqa_logits_workload& work) {
    const auto& [scores, logits, form] = work.what;
    const double queries = work.queries, keys = work.keys, row = double(scores.heads) * scores.depth;
    return {2 * queries * keys * row, queries * (row + scores.heads * size_of(scores.weights) + 8) +
                                          keys * (scores.depth + 4.0) + queries * keys * size_of(logits)};
}

/// Predicts a kernel on a workload that is not empty, with `sms` multiprocessors. Measured on an H200: a multiply of 64 keys by
/// 128 columns takes 220 cycles and 0.56 of what the tensor core takes with four math warpgroups, 201 and 0.68 with three.
inline cost predict(const mqa_logits_info& info, const mqa_logits_workload& work, const device_info& device, int sms) {
    const mqa_logits_config cfg = info.cfg.settled(info.traits.scores);
    const auto& scores = info.traits.scores;
    const double columns = align_up(cfg.queries * scores.heads, 8), tensor = columns / 128 * scores.depth * 2;
    const bool four = cfg.warpgroups >= 4;
    const double multiply = (four ? 220 : 201) * columns / 128 + (four ? 0.56 : 0.68) * tensor;
    const i64 query_tiles = ceil_div(i64(work.queries), i64(cfg.queries) * cfg.warpgroups);
    const i64 key_tiles = ceil_div(i64(work.keys), i64(cfg.keys)), blocks = ceil_div(i64(work.keys), i64(64));
    const double multiplies = double(query_tiles) * double(blocks) * cfg.warpgroups;
    constexpr double start = 2000;  // cycles that a query tile costs: its ranges, queries and weights
    const demand needed = demand_of(work);
    cost made;
    made.start_us = 5;  // the launch, and sharing the work out
    made.main_loop_us = (multiplies * multiply + double(query_tiles) * start) / sms / std::max(1, device.clock_mhz);
    made.memory_us = needed.bytes / std::max(1.0, device.hbm_gb_per_s * 1e3);
    made.tiles = query_tiles * key_tiles;
    made.waves = ceil_div(made.tiles, i64(sms));
    made.tile_efficiency =
        double(work.queries) * work.keys / (double(query_tiles) * cfg.queries * cfg.warpgroups * double(blocks) * 64);
    made.wave_efficiency = double(made.tiles) / double(made.waves * sms);
    made.limit = made.memory_us > made.main_loop_us ? bound::memory : bound::epilogue;
    made.total_us = made.start_us + std::max(made.main_loop_us, made.memory_us);
    return made;
}

}  // namespace deepgemm
