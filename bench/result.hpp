// SPDX-License-Identifier: MIT
// The measurements of one case, as a line of the table and as a row of the result file.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "json.hpp"
#include "ops/gemm/cases.hpp"
#include "statistics.hpp"

namespace deepgemm::bench {

/// One contender's figures for one case.
struct measurement {
    std::string name;
    std::string failure;               ///< why there are no figures; empty if there are
    std::vector<double> us;            ///< flushed launches
    std::vector<std::string> kernels;  ///< what the profiler saw in a launch
    double sustained_us = not_measured, clock_mhz = not_measured, watts = not_measured;
    double joules = not_measured;                          ///< of the board for one product, back to back
    double diff = not_measured, max_error = not_measured;  ///< against the reference

    double median_us() const { return median(us); }
    /// Takes over what a back-to-back run has measured, a timer's sustained_time.
    template <class Sustained>
    void keep(const Sustained& run) {
        sustained_us = run.us;
        clock_mhz = run.clock_mhz;
        watts = run.watts;
        joules = run.joules;
    }
};

/// Adds the figures of a contender to its row of the result file: times, error, clock and power, and with the operations and
/// bytes of the case the rates.
void add_figures(json& row, const measurement& m, double flops, double bytes);

/// Ours and the peers on one case.
struct case_result {
    gemm_case problem;
    std::string config;     ///< as C++ source
    std::string chosen_by;  ///< tuned or model
    measurement ours;
    std::vector<measurement> peers;
    measurement traffic{};   ///< moving the operands and D, and nothing else; measured where there are few rows
    measurement run_time{};  ///< ours once more, as NVRTC compiles it; measured if asked for
    measurement k_major{};   ///< ours for K-major scales of A; measured in FP8 where there are kernels for it

    /// Time of peer `i` over ours, flushed or sustained; not_measured where either is missing.
    double ratio(std::size_t i) const { return peers[i].median_us() / ours.median_us(); }
    double sustained_ratio(std::size_t i) const { return peers[i].sustained_us / ours.sustained_us; }

    json row() const;
    std::string line() const;
};

/// The two lines above the table; `peers` in the order of case_result::peers.
std::string table_head(const std::vector<std::string>& peers);

/// Geometric means over all rows, one line per peer and regime.
std::string table_foot(const std::vector<case_result>& results);

}  // namespace deepgemm::bench
