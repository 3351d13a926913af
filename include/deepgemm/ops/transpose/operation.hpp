// SPDX-License-Identifier: MIT
// Transposition as an operation: what planner, engine and NVRTC call. Its kernels do no more than move bytes, so costs and text
// are here, too.
#pragma once

#include <algorithm>
#include <string>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/plan.hpp>
#include <deepgemm/host/print.hpp>
#include <deepgemm/ops/transpose/rules.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// The description of a kernel of transpose.
using transpose_info = kernel_info<transpose_traits, transpose_config>;

/// What the operation demands of any kernel: all bytes, read and written.
inline demand demand_of(const transpose_workload& work) { return {0, 2.0 * work.rows * work.columns * work.matrices}; }

/// Predicts a kernel on a workload that is not empty, with `sms` multiprocessors.
inline cost predict(const transpose_info& info, const transpose_workload& work, const device_info& device, int sms) {
    constexpr double memory_share = 0.85;  // of the specified bandwidth, for reads and writes together
    const i64 columns = 16 * info.cfg.across, rows = 16 * (32 / info.cfg.across);
    cost made;
    made.start_us = 2.5;
    made.memory_us = demand_of(work).bytes / std::max(1.0, memory_share * device.hbm_gb_per_s * 1e3);
    made.tiles = work.matrices * ceil_div(i64(work.rows), rows) * ceil_div(i64(work.columns), columns);
    made.waves = ceil_div(made.tiles, i64(sms) * std::max(16 / info.cfg.warps, 1) * info.cfg.warps);
    made.tile_efficiency =
        double(work.rows) * work.columns * work.matrices / (double(made.tiles) * double(rows * columns));
    made.wave_efficiency = 1;
    made.limit = bound::memory;
    made.total_us = made.start_us + made.memory_us;
    return made;
}

/// A workload in a few words.
inline std::string describe(const transpose_workload& work) {
    return concat(work.matrices, work.matrices == 1 ? " matrix of " : " matrices of ", work.rows, " x ", work.columns,
                  " ", work.type, ", transposed");
}

namespace ops {

/// Y(j, i) = X(i, j) of each matrix of a stack.
struct transpose
    : usual_operation<transpose_problem, transpose_workload, transpose_arguments, transpose_traits, transpose_config> {
    static constexpr const char* name = "transpose";

    static result<void> check(const problem& given) { return detail::check_transpose(given); }
    static result<void> check(const workload& work) { return validate(work); }
    /// Changes the number of rows of X.
    static workload with_rows(workload work, i32 rows) {
        work.rows = rows;
        return work;
    }

    static const char* why_not(const traits& kernel, const workload& work) {
        return kernel.element_bytes == int(size_of(work.type)) ? nullptr : "it moves elements of another size";
    }
    static const char* why_not(const config&, const workload&) { return nullptr; }

    /// A kernel as a C++ type.
    static std::string source_of(const transpose_info& kernel) {
        return concat("transposer<arch::sm", kernel.launch.arch, ", ", to_source(kernel.traits), ", ",
                      to_source(kernel.cfg), ">");
    }
    /// A kernel for a workload.
    static transpose_info wanted(const workload& work, const device_info& device) {
        return {{.arch = device.arch}, {int(size_of(work.type))}, {}};
    }
};

static_assert(operation<transpose> && operation_concept::varies_rows<transpose>);

}  // namespace ops

/// A kernel of transpose for a planner.
using transpose_handle = kernel_handle<ops::transpose>;

}  // namespace deepgemm
