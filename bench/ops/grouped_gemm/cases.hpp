// SPDX-License-Identifier: MIT
// The grouped products that the benchmark times: those of DeepGEMM's test, with the numbers of rows that it drew at random when
// it was measured.
#pragma once

#include <string>
#include <vector>

#include <deepgemm/ops/grouped_gemm/problem.hpp>

#include "ops/gemm/cases.hpp"

namespace deepgemm::bench {

/// D[g](m,n) = A[g](m,k) x B[g](n,k)^T of the first rows of a slot in each group: FP8, A scaled by token and B by block, or
/// BF16. D in BF16.
struct grouped_case {
    int groups, expected_rows;  ///< what a caller would give as a hint
    int n, k;
    int rows;         ///< of all groups together
    int slot = 4096;  ///< rows that A and D have for each group
    element operands = element::e4m3;

    /// The product of one group with a full slot.
    gemm_case one() const { return {.pass = "-", .m = slot, .n = n, .k = k, .operands = operands}; }
    bool is_fp8() const { return one().is_fp8(); }
    double tolerance() const { return one().tolerance(); }
    /// Bytes of device memory for the reference of D.
    double checking_memory() const { return 4.0 * one().m * n; }
    /// Cases of one family share a result file: fp8_masked, bf16_masked.
    const char* family() const { return is_fp8() ? "fp8_masked" : "bf16_masked"; }
    const char* pass() const { return "-"; }
    const char* op() const { return is_fp8() ? "m_grouped_fp8_gemm_nt_masked" : "m_grouped_bf16_gemm_nt_masked"; }

    /// Rows of each group: their sum is `rows`, and they differ by at most 30 % from the mean, drawn alike in every run.
    std::vector<i32> counts() const;
    double flops() const;
    /// Bytes that must move through memory: the rows of A and of D that count, all matrices of B, scales.
    double bytes() const;
    /// Bytes of device memory that the matrices take.
    double memory() const;
    /// A short name: `32x192 6144x7168`, `32x192 6144x7168 bf16`.
    std::string name() const;
};

/// A case as the planner sees it.
grouped_workload workload_of(const grouped_case& c);

/// The 16 masked cases in FP8, and those in BF16.
std::vector<grouped_case> suite_masked();
std::vector<grouped_case> suite_masked_bf16();

/// "G*M,N,K:masked" as G groups in FP8 with slots of M rows, "G*M,N,K:masked-E" if E of these are expected; "bf16-masked" for
/// BF16. Throws std::invalid_argument if it is no such product.
grouped_case parse_groups(const std::string& text);

}  // namespace deepgemm::bench
