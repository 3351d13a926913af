// SPDX-License-Identifier: MIT
// The contiguous grouped products that the benchmark times: those of DeepGEMM's test, with the numbers of rows that it drew at
// random when it was measured.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <deepgemm/ops/contiguous_gemm/problem.hpp>

#include "ops/gemm/cases.hpp"

namespace deepgemm::bench {

/// Which rows a list names: none; those of A, gathered by the kernel, or by a kernel of its own before it; those of D,
/// scattered by the kernel, or by a kernel of its own after it.
enum class listed { none, gathered, gathered_before, scattered, scattered_after };

/// D(m,n) = A(m,k) x B[g](n,k)^T of the rows of each group, which follow each other: FP8, A scaled by token and B by block, or
/// BF16. D in BF16.
struct contiguous_case {
    int groups, rows;  ///< `rows`: of all groups, with those that fill each up to a multiple of `alignment`
    int n, k;
    grouping by = grouping::psum;
    element operands = element::e4m3;
    orientation stored = orientation::nt;
    int expected_rows = 0;  ///< what a caller would give as a hint
    int alignment = 128;
    const char* list = nullptr;       ///< the name of `dealt`
    std::span<const i32> dealt = {};  ///< rows of each group, if they are a list; `rows` is what these take
    /// Rows that fill a group of a list up are rows of the group, as kernels take them that compute whole tiles.
    bool counted = false;
    listed order = listed::none;  ///< a list names rows in another order

    /// The product of all rows with one matrix of B.
    gemm_case one() const {
        return {.pass = pass(), .m = rows, .n = n, .k = k, .operands = operands, .stored = stored};
    }
    bool is_fp8() const { return one().is_fp8(); }
    double tolerance() const { return one().tolerance(); }
    /// Bytes of device memory for the reference of D.
    double checking_memory() const { return 4.0 * one().m * n; }
    bool gathers() const { return order == listed::gathered; }
    bool scatters() const { return order == listed::scattered; }
    /// Cases of one family share a result file: fp8_contiguous, bf16_contiguous, fp8_router, fp8_lists, bf16_lists.
    const char* family() const {
        if (order != listed::none) return is_fp8() ? "fp8_lists" : "bf16_lists";
        return list != nullptr ? "fp8_router" : is_fp8() ? "fp8_contiguous" : "bf16_contiguous";
    }
    const char* op() const {
        if (gathers()) {
            return is_fp8() ? "m_grouped_fp8_gemm_nt_contiguous_gathered"
                            : "m_grouped_bf16_gemm_nt_contiguous_gathered";
        }
        if (scatters()) {
            return is_fp8() ? "m_grouped_fp8_gemm_nt_contiguous_scattered"
                            : "m_grouped_bf16_gemm_nt_contiguous_scattered";
        }
        if (is_fp8()) return "m_grouped_fp8_gemm_nt_contiguous";
        return stored == orientation::nt ? "m_grouped_bf16_gemm_nt_contiguous" : "m_grouped_bf16_gemm_nn_contiguous";
    }
    /// How the groups are given, and which kernel of its own moves rows.
    const char* pass() const {
        const bool end = by == grouping::psum;
        if (order == listed::gathered_before) return end ? "psum gathered before" : "indexed gathered before";
        if (order == listed::scattered_after) return end ? "psum scattered after" : "indexed scattered after";
        return end ? "psum" : "indexed";
    }

    /// Rows of each group, and those that fill it up if these count. With the others up to the next multiple of `alignment` their
    /// sum is `rows`; these sums differ by at most 30 % from the mean, drawn alike in every run.
    std::vector<i32> counts() const;
    /// As DeepGEMM counts: all rows, also those that fill groups up. Of a list only its own, also if others count.
    double flops() const;
    double bytes() const;
    /// Bytes of device memory that the matrices take.
    double memory() const;
    /// The case as the peer spells it: `num_groups=4 m=35456 n=6144 k=7168 1D2D layout=NT psum=True zero_pad=False`.
    std::string peer_name() const;
    /// A short name: `4x35456 6144x7168 psum`, `4x35456 6144x7168 psum bf16 nn`, `zipf_32 4096x7168 psum 1`,
    /// `zipf_32 4096x7168 psum 128 counted`, `8x30976 4096x2048 psum gathered`.
    std::string name() const;
};

/// A case as the planner sees it.
contiguous_workload workload_of(const contiguous_case& c);

/// The 16 contiguous cases in FP8, and the 32 in BF16.
std::vector<contiguous_case> suite_contiguous();
std::vector<contiguous_case> suite_contiguous_bf16();
/// Lists of a router, lists.hpp, in FP8: each with groups that begin anywhere, and filled up to multiples of 128 rows, which
/// belong to no group, or count as rows of the group before them.
std::vector<contiguous_case> suite_router();
/// Rows in random order, in FP8 and in BF16: gathered and scattered by the kernel, and by a kernel of its own beside it.
std::vector<contiguous_case> suite_lists();

/// "G*M,N,K:psum" as M rows in G groups by their ends, ":indexed" by the group of each row, with "-E" if a group usually has E
/// rows. In FP8, or in BF16 with "bf16-" before that, and "nn-" if B is contiguous along N; "gathered-" or "scattered-" comes
/// last of these. Throws std::invalid_argument if it is no such product.
contiguous_case parse_contiguous(const std::string& text);

}  // namespace deepgemm::bench
