// SPDX-License-Identifier: MIT
// The HyperConnection prenorms that the benchmark times: those of DeepGEMM's test.
#pragma once

#include <string>
#include <vector>

#include <deepgemm/ops/hc_prenorm/problem.hpp>

namespace deepgemm::bench {

/// D(m,n) = A(m,k) x B(n,k)^T and the sums of squares of rows of A, in `parts` parts of K: A in BF16, B in FP32, D in FP32.
struct hc_prenorm_case {
    int rows;  ///< of A: M
    int n, k;
    int parts = 1;

    bool is_fp8() const { return false; }
    /// Cases of one family share a result file.
    const char* family() const { return "hc_prenorm"; }
    const char* op() const { return "tf32_hc_prenorm_gemm"; }
    const char* pass() const { return "-"; }
    /// The largest accepted difference of D and of the sums of squares from the reference.
    double tolerance() const { return 1e-8; }

    /// As DeepGEMM counts: products alone.
    double flops() const { return 2.0 * rows * n * k; }
    /// Bytes that must move through memory.
    double bytes() const;
    /// Bytes of device memory that the matrices take, and those for the reference of D and of the sums of squares.
    double memory() const { return bytes(); }
    double checking_memory() const { return 4.0 * rows * (n + 1.0); }
    /// The case as the peer spells it: `m=137 n=24 k=7168 num_splits=16`; num_splits is 0 where all of K is added up.
    std::string name() const;
};

/// A case as the planner sees it.
hc_prenorm_workload workload_of(const hc_prenorm_case& c);

/// The 24 cases: four numbers of rows, three lengths, and each as one sum and in 16 parts.
std::vector<hc_prenorm_case> suite_hc_prenorm();

/// "M,N,K:prenorm" as one sum, "M,N,K:prenorm-S" in S parts of K. Throws std::invalid_argument if it is no such product.
hc_prenorm_case parse_prenorm(const std::string& text);

}  // namespace deepgemm::bench
