// SPDX-License-Identifier: MIT
// The batches that the benchmark times: the einsums of DeepGEMM's test, and those in FP8 that it has for Blackwell alone.
#pragma once

#include <string>
#include <vector>

#include <deepgemm/ops/batched_gemm/problem.hpp>

#include "ops/gemm/cases.hpp"

namespace deepgemm::bench {

/// How the matrices of a batch lie, and what becomes of them.
enum class batch_form {
    apart,     ///< one matrix after the other
    heads,     ///< rows of A and of D are tokens, in which the heads follow each other; B has a matrix for each head
    gradient,  ///< A and B are tokens in which the heads follow each other; D has a matrix for each head
    sum,       ///< one after the other, and D is one matrix, their sum
};

/// `count` products like `each`.
struct batched_case {
    int count, rows;  ///< products, and rows of each
    gemm_case each;
    batch_form form = batch_form::apart;
    i64 padding = 0;              ///< elements between rows of B, which is a slice of a wider tensor
    std::string peer{};           ///< the case as the peer spells it; empty: a product in words
    const char* expression = "";  ///< of an einsum: `bhr,hdr->bhd`

    /// All cases share a result file, of whatever type they are, so they count as of one.
    bool is_fp8() const { return false; }
    const char* family() const { return "einsum"; }
    std::string op() const;
    const char* pass() const { return "-"; }
    double tolerance() const { return each.tolerance(); }
    /// True for FP8 of which a launch transposes what lies along M or N, before the products.
    bool turns_first() const;

    double flops() const;
    /// Bytes that must move through memory.
    double bytes() const;
    /// Bytes of device memory that the matrices take, and those for references.
    double memory() const;
    double checking_memory() const { return 8.0 * each.m * each.n; }
    /// The case as the peer spells it with its einsum, or as it is written.
    std::string name() const;
};

/// A case as the planner sees it. FP8 that is transposed first lies along K by then.
batched_workload workload_of(const batched_case& c);

/// The suites: `einsum_bf16`, 20 cases of heads; `einsum_bmk`, 18 sums; `einsum_fp8`, 15 cases of heads, 5 of which the
/// peer has; `einsum`, all of them.
/// Throws std::invalid_argument for other names.
std::vector<batched_case> suite_einsum(const std::string& name);

/// "S*M,N,K:batch-recipe" as S products of a recipe that parse_shape() takes, "heads-recipe" with the heads of tokens among
/// each other, "sum-recipe" as their sum, "gradient-1d1d" as gradients of weights of heads. Throws std::invalid_argument if it
/// is no such product.
batched_case parse_batch(const std::string& text);

}  // namespace deepgemm::bench
