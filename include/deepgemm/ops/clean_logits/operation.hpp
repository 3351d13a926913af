// SPDX-License-Identifier: MIT
// Cleaning of logits as an operation: what planner, engine and NVRTC call. Its kernels do no more than write, so costs and text
// are here, too.
#pragma once

#include <algorithm>
#include <string>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/plan.hpp>
#include <deepgemm/host/print.hpp>
#include <deepgemm/ops/clean_logits/rules.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// The description of a kernel of clean_logits.
using clean_logits_info = kernel_info<clean_logits_traits, clean_logits_config>;

/// What the operation demands of any kernel where no query has a key: the ranges, and all of D.
inline demand demand_of(const clean_logits_workload& work) {
    return {0, double(work.queries) * (8 + double(work.keys) * size_of(work.logits))};
}

/// Predicts a kernel on a workload that is not empty, with `sms` multiprocessors. The launch is a guess, and memory is taken to
/// write as fast as the GEMM's model lets it read.
inline cost predict(const clean_logits_info& info, const clean_logits_workload& work, const device_info& device,
                    int sms) {
    constexpr double memory_share = 0.9;
    cost made;
    made.start_us = 2.5;
    made.memory_us = demand_of(work).bytes / std::max(1.0, memory_share * device.hbm_gb_per_s * 1e3);
    made.tiles = i64(work.queries) * ceil_div(i64(work.keys), i64(info.cfg.columns));
    made.waves = ceil_div(made.tiles, i64(sms) * (64 / info.cfg.warps) * info.cfg.warps);
    made.tile_efficiency = made.wave_efficiency = 1;
    made.limit = bound::memory;
    made.total_us = made.start_us + made.memory_us;
    return made;
}

/// A workload in a few words.
inline std::string describe(const clean_logits_workload& work) {
    return concat("minus infinity around ranges of ", work.queries, " queries, ", work.keys, " keys, logits ",
                  work.logits);
}

namespace ops {

/// D(i, j) becomes minus infinity for keys j outside of the range of query i.
struct clean_logits : usual_operation<clean_logits_problem, clean_logits_workload, clean_logits_arguments,
                                      clean_logits_traits, clean_logits_config> {
    static constexpr const char* name = "clean_logits";

    static result<void> check(const problem& given) { return detail::check_clean_logits(given); }
    static result<void> check(const workload& work) { return validate(work); }
    /// Changes the number of queries.
    static workload with_rows(workload work, i32 queries) {
        work.queries = queries;
        return work;
    }

    static const char* why_not(const traits& kernel, const workload& work) {
        return kernel.logits == work.logits ? nullptr : "it writes logits of another type";
    }
    static const char* why_not(const config&, const workload&) { return nullptr; }

    /// A kernel as a C++ type.
    static std::string source_of(const clean_logits_info& kernel) {
        return concat("logits_cleaner<arch::sm", kernel.launch.arch, ", ", to_source(kernel.traits), ", ",
                      to_source(kernel.cfg), ">");
    }
    /// A kernel for a workload.
    static clean_logits_info wanted(const workload& work, const device_info& device) {
        return {{.arch = device.arch}, {work.logits}, {}};
    }
};

static_assert(operation<clean_logits> && operation_concept::varies_rows<clean_logits>);

}  // namespace ops

/// A kernel of clean_logits for a planner.
using clean_logits_handle = kernel_handle<ops::clean_logits>;

}  // namespace deepgemm
