// SPDX-License-Identifier: MIT
// The products in groups of K that the benchmark times: gradients of the weights of experts, as DeepGEMM's test has them, with
// the numbers of tokens that it drew at random when it was measured.
#pragma once

#include <string>
#include <vector>

#include <deepgemm/ops/k_grouped_gemm/problem.hpp>

#include "ops/gemm/cases.hpp"

namespace deepgemm::bench {

/// D[g](m,n) [+]= A(m,k) x B(n,k)^T over the k of each group: FP8, both operands scaled by token, or BF16, with rows of K.
struct k_grouped_case {
    int groups;
    int rows, n, k;  ///< `rows`: M; `k`: of all groups
    element operands = element::e4m3;
    bool concatenated = false;
    output d = output::f32;
    bool accumulate = true;  ///< D += in place
    bool packed = false;     ///< FP8: scales in UE8M0

    /// The product of all K.
    gemm_case one() const {
        return {.pass = pass(),
                .m = rows,
                .n = n,
                .k = k,
                .scales = b_scales::token,
                .d = d,
                .accumulate = accumulate,
                .operands = operands,
                .stored = is_fp8() ? orientation::nt : orientation::tn};
    }
    bool is_fp8() const { return operands == element::e4m3; }
    double tolerance() const { return one().tolerance(); }
    /// Bytes of device memory for the reference of D of one group.
    double checking_memory() const { return 4.0 * rows * n; }
    /// Cases of one family share a result file: fp8_k_grouped, bf16_k_grouped.
    const char* family() const { return is_fp8() ? "fp8_k_grouped" : "bf16_k_grouped"; }
    const char* op() const {
        return is_fp8() ? "k_grouped_fp8_gemm_nt_contiguous" : "k_grouped_bf16_gemm_tn_contiguous";
    }
    /// How A and B hold their groups.
    const char* pass() const { return concatenated ? "concatenated" : "one pitch"; }

    /// Elements of K of each group, multiples of 128: their sum is `k` rounded down, and they differ by at most 30 % from the
    /// mean, drawn alike in every run.
    std::vector<i32> sizes() const;
    double flops() const;
    /// Bytes that must move through memory: both operands, their scales, all matrices of D once, or twice if it accumulates.
    double bytes() const;
    /// Bytes of device memory that the matrices take.
    double memory() const { return bytes(); }
    /// The case as the peer spells it: `num_groups=4 m=4096 n=7168 k=33536 gran_k=128 k_alignment=128 psum=0`.
    std::string peer_name() const;
    /// A short name: `4x33536 4096x7168 concatenated`, `4x32384 4096x7168 one pitch bf16`.
    std::string name() const;
};

/// A case as the planner sees it.
k_grouped_workload workload_of(const k_grouped_case& c);

/// The 6 cases in FP8, of concatenated operands, as the peer takes them, and of operands with one pitch; and the 6 in BF16.
std::vector<k_grouped_case> suite_k_grouped();
std::vector<k_grouped_case> suite_k_grouped_bf16();

/// "G*M,N,K:along-k" as K elements in G groups, in FP8, added to D in FP32; "concatenated" in place of "along-k" for operands
/// that are; "bf16-along-k" in BF16; with "-ue8m0" behind it FP8 has packed scales, with "-f32" or "-bf16" D is stored in that
/// type. Throws std::invalid_argument if it is no such product.
k_grouped_case parse_k_groups(const std::string& text);

}  // namespace deepgemm::bench
