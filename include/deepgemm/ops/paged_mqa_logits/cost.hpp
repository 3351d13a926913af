// SPDX-License-Identifier: MIT
// Predicts how long a kernel of paged_mqa_logits takes. Contexts are in device memory, so the prediction is for contexts as
// long as a row of logits; it ranks kernels, whatever share of it they have.
#pragma once

#include <algorithm>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/cost.hpp>
#include <deepgemm/host/device.hpp>
#include <deepgemm/host/kernel_handle.hpp>
#include <deepgemm/ops/paged_mqa_logits/problem.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// The description of a kernel of paged_mqa_logits.
using paged_mqa_logits_info = kernel_info<paged_mqa_traits, paged_mqa_config>;

namespace detail {
/// What a workload demands if each request's keys pass `passes` times.
inline demand paged_demand(const paged_mqa_logits_workload& work, double passes) {
    const auto& [scores, logits, form] = work.what.stored;
    const double queries = work.queries, keys = work.columns, row = double(scores.heads) * scores.depth;
    const double requests = queries / work.next_n;
    const double page = (scores.depth + 4.0) * work.what.block + 4;  // and its entry in the block table
    return {2 * queries * keys * row, queries * (row + scores.heads * size_of(scores.weights) + 4) +
                                          passes * requests * keys / work.what.block * page +
                                          queries * keys * size_of(logits)};
}
}  // namespace detail

/// What the scores of full contexts demand of any kernel.
inline demand demand_of(const paged_mqa_logits_workload& work) { return detail::paged_demand(work, 1); }

/// Predicts a kernel on a workload that is not empty, with `sms` multiprocessors. Measured on an H200: memory gives 0.86 of its
/// rate, and a multiply of 64 keys by 128 columns takes 201 cycles and 0.68 of what the tensor core takes.
inline cost predict(const paged_mqa_logits_info& info, const paged_mqa_logits_workload& work, const device_info& device,
                    int sms) {
    const paged_mqa_config& cfg = info.cfg;
    const auto& scores = info.traits.stored.scores;
    const double columns = align_up(cfg.queries * scores.heads, 8), tensor = columns / 128 * scores.depth * 2;
    const double multiply = 201 * columns / 128 + 0.68 * tensor;
    const i64 passes = ceil_div(i64(work.next_n), i64(cfg.tile_queries()));
    const double tiles =
        double(work.queries) / work.next_n * double(passes) * double(ceil_div(work.columns, cfg.keys)) * cfg.keys / 64;
    const demand needed = detail::paged_demand(work, double(passes));
    cost made;
    made.start_us = 5;  // the launch, and sharing the work out
    made.main_loop_us = tiles * cfg.query_groups * multiply / sms / std::max(1, device.clock_mhz);
    made.memory_us = needed.bytes / std::max(1.0, 0.86 * device.hbm_gb_per_s * 1e3);
    made.tiles = i64(tiles);
    made.waves = ceil_div(made.tiles, i64(sms));
    made.tile_efficiency = double(work.next_n) / (double(passes) * cfg.tile_queries());
    made.wave_efficiency = double(made.tiles) / double(std::max<i64>(1, made.waves * sms));
    made.limit = made.memory_us > made.main_loop_us ? bound::memory : bound::epilogue;
    // The shorter of both hides behind the longer one, but for a little, so of two kernels the one that wastes less is ahead.
    made.total_us = made.start_us + std::max(made.main_loop_us, made.memory_us) +
                    0.02 * std::min(made.main_loop_us, made.memory_us);
    return made;
}

}  // namespace deepgemm
