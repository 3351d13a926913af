// SPDX-License-Identifier: MIT
// The selections that the benchmark times.
#pragma once

#include <string>
#include <vector>

#include <deepgemm/ops/topk/problem.hpp>

namespace deepgemm::bench {

/// The `k` largest of `columns` normal numbers in each of `rows` rows.
struct topk_case {
    int rows, columns, k;
    dtype logits = dtype::f32;

    bool is_fp8() const { return false; }
    /// Cases of one family share a result file.
    const char* family() const { return "topk"; }
    const char* op() const { return "topk"; }
    /// Results are exact.
    double tolerance() const { return 1e-30; }

    double flops() const { return 0; }
    /// Bytes that must move through memory.
    double bytes() const { return double(rows) * (double(columns) * size_of(logits) + 4.0 * k); }
    /// Bytes of device memory that the tensors take, and those for the reference, which keeps nothing.
    double memory() const { return bytes(); }
    double checking_memory() const { return 0; }
    std::string name() const;
};

/// A case as the planner sees it.
topk_workload workload_of(const topk_case& c);

/// Rows as an indexer for 2048 keys has them, in decode and in prefill.
std::vector<topk_case> suite_topk();

/// "M,N,K:topk" and maybe a type of logits. Throws std::invalid_argument if it is no such product.
topk_case parse_topk(const std::string& text);

}  // namespace deepgemm::bench
