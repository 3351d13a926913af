// SPDX-License-Identifier: MIT
// Selection of the largest elements of rows as an operation: what planner, engine and NVRTC call. Its kernels do little more
// than read, so costs and text are here, too.
#pragma once

#include <algorithm>
#include <string>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/plan.hpp>
#include <deepgemm/host/print.hpp>
#include <deepgemm/ops/topk/rules.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// The description of a kernel of topk.
using topk_info = kernel_info<topk_traits, topk_config>;

/// What the operation demands of any kernel where all columns of a row count: logits, ranges and indices, each once.
inline demand demand_of(const topk_workload& work) {
    return {0, double(work.rows) * (double(work.columns) * size_of(work.logits) + 8 + 4.0 * work.k)};
}

/// Predicts a kernel on a workload that is not empty, with `sms` multiprocessors. The rates are estimates: what one
/// multiprocessor reads at most, and a time for each row to find its threshold and to sort.
inline cost predict(const topk_info& info, const topk_workload& work, const device_info& device, int sms) {
    constexpr double memory_share = 0.9, gb_per_s_of_sm = 60, us_of_row = 6;
    const i64 ctas = i64(sms) * info.cfg.ctas;
    cost made;
    made.start_us = 2.5;
    made.tiles = work.rows;
    made.waves = ceil_div(i64(work.rows), ctas);
    const i64 busy = std::min(i64(work.rows), i64(sms));  // a multiprocessor reads as fast for one CTA as for several
    const double bytes = demand_of(work).bytes;
    made.memory_us =
        bytes / std::max(1.0, std::min(memory_share * device.hbm_gb_per_s, gb_per_s_of_sm * double(busy)) * 1e3);
    made.epilogue_us = us_of_row * double(made.waves);
    made.tile_efficiency = 1;
    made.wave_efficiency = double(work.rows) / double(made.waves * ctas);
    made.limit = made.memory_us > made.epilogue_us ? bound::memory : bound::epilogue;
    made.total_us = made.start_us + std::max(made.memory_us, made.epilogue_us) + us_of_row;
    return made;
}

/// A workload in a few words.
inline std::string describe(const topk_workload& work) {
    return concat("the ", work.k, " largest of ", work.columns, " logits ", work.logits, " in each of ", work.rows,
                  " rows");
}

namespace ops {

/// indices(i, 0 ... k - 1): the columns of the k largest logits of row i, in order.
struct topk : usual_operation<topk_problem, topk_workload, topk_arguments, topk_traits, topk_config> {
    static constexpr const char* name = "topk";

    static result<void> check(const problem& given) { return detail::check_topk(given); }
    static result<void> check(const workload& work) { return validate(work); }
    static workload with_rows(workload work, i32 rows) {
        work.rows = rows;
        return work;
    }

    static const char* why_not(const traits& kernel, const workload& work) {
        return kernel.logits == work.logits ? nullptr : "it takes logits of another type";
    }
    static const char* why_not(const config&, const workload&) { return nullptr; }

    static std::string refusal(const workload&, const device_info& device) {
        return refusal_but_on_hopper(name, device);
    }

    /// A kernel as a C++ type.
    static std::string source_of(const topk_info& kernel) {
        return concat("topk_selector<arch::sm", kernel.launch.arch, ", ", to_source(kernel.traits), ", ",
                      to_source(kernel.cfg), ">");
    }
    /// A kernel for a workload.
    static topk_info wanted(const workload& work, const device_info& device) {
        return {{.arch = device.arch}, {work.logits}, {}};
    }
};

static_assert(operation<topk> && operation_concept::varies_rows<topk> && operation_concept::refuses<topk>);

}  // namespace ops

/// A kernel of topk for a planner.
using topk_handle = kernel_handle<ops::topk>;

}  // namespace deepgemm
