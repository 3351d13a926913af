// SPDX-License-Identifier: MIT
// The cleanings of logits that the benchmark times: those of the logits of DeepGEMM's test.
#pragma once

#include <string>
#include <vector>

#include <deepgemm/ops/clean_logits/problem.hpp>

#include "ops/mqa_logits/cases.hpp"

namespace deepgemm::bench {

/// Minus infinity outside of the ranges of `rows` queries, of `keys` keys.
struct clean_logits_case {
    int rows;  ///< queries
    int keys;
    dtype logits = dtype::f32;
    mqa_ranges ranges = mqa_ranges::causal;

    bool is_fp8() const { return false; }
    /// Cases of one family share a result file.
    const char* family() const { return "clean_logits"; }
    const char* op() const { return "clean_logits"; }
    const char* pass() const { return ranges == mqa_ranges::causal ? "causal" : "shared"; }
    /// Results are exact.
    double tolerance() const { return 1e-30; }

    double flops() const { return 0; }
    /// Bytes that must move through memory: ranges, and elements outside of them.
    double bytes() const;
    /// Bytes of device memory that the tensors take, and those for the reference, which keeps nothing.
    double memory() const { return double(rows) * keys * size_of(logits); }
    double checking_memory() const { return 0; }
    std::string name() const;
};

/// A case as the planner sees it.
clean_logits_workload workload_of(const clean_logits_case& c);

/// The five kinds of logits that the peer's test cleans.
std::vector<clean_logits_case> suite_clean_logits();

/// "M,N:clean" and words with a - before each: a type of logits, and whether ranges are shared. Throws std::invalid_argument if
/// it is no such product.
clean_logits_case parse_clean_logits(const std::string& text);

}  // namespace deepgemm::bench
