// SPDX-License-Identifier: MIT
// The three ways to run the benchmark of dense GEMMs: against peers, all kernels against one another, once each for a profiler.
#pragma once

#include <vector>

#include <deepgemm/ops/gemm/tuned_row.hpp>

#include "cases.hpp"
#include "machine.hpp"
#include "options.hpp"
#include "timer.hpp"

namespace deepgemm::bench {

/// Times our picks against the peers: prints the table and writes fp8_dense.json or bf16_dense.json. The cases, at least
/// one, are of one family, here and below.
/// Returns the number of cases whose result of ours was wrong or missing.
int run_comparison(const options& o, const std::vector<gemm_case>& cases, const machine& board, timer& clock);

/// Times every kernel that accepts a case: prints the rankings and writes tune_fp8_dense.json or tune_bf16_dense.json; for
/// options::objective `sustained` back to back, to tune_sustained.json or the like.
/// Appends the winners to `winners`. Returns the number of wrong results.
int run_tuning(const options& o, const std::vector<gemm_case>& cases, const machine& board, timer& clock,
               std::vector<gemm_tuned_row>& winners);

/// Launches our pick once for each case of any family, without flush, reference or peers. Returns the number of cases
/// without one.
int run_once(const std::vector<gemm_case>& cases);

}  // namespace deepgemm::bench
