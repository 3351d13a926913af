// SPDX-License-Identifier: MIT
// The three ways to run the benchmark: against peers, all kernels against one another, once each for a profiler.
#pragma once

#include <vector>

#include "cases.hpp"
#include "grouped_cases.hpp"
#include "machine.hpp"
#include "options.hpp"
#include "timer.hpp"
#include "tuned_table.hpp"

namespace deepgemm::bench {

/// Times our picks against the peers: prints the table and writes fp8_dense.json or bf16_dense.json. The cases, at least
/// one, are of one family, here and below.
/// Returns the number of cases whose result of ours was wrong or missing.
int run_comparison(const options& o, const std::vector<gemm_case>& cases, const machine& board, timer& clock);

/// Times every kernel that accepts a case: prints the rankings and writes tune_fp8_dense.json or tune_bf16_dense.json.
/// Appends the winners to `winners`. Returns the number of wrong results.
int run_tuning(const options& o, const std::vector<gemm_case>& cases, const machine& board, timer& clock,
               std::vector<gemm_tuned_row>& winners);

/// Times our picks for grouped products and writes fp8_masked.json; with o.tune all kernels, which writes nothing. DeepGEMM's times are
/// kept beside the results, in deepgemm-*.json; report.py and check.py compare. Returns the number of wrong results.
int run_grouped(const options& o, const std::vector<grouped_case>& cases, const machine& board, timer& clock);

/// Launches our pick once for each case of any family, without flush, reference or peers. Returns the number of cases
/// without one.
int run_once(const std::vector<gemm_case>& cases);

}  // namespace deepgemm::bench
