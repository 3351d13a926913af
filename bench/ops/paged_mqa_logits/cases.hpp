// SPDX-License-Identifier: MIT
// The scores over paged keys that the benchmark times: those of DeepGEMM's test, and the same of four queries.
#pragma once

#include <string>
#include <vector>

#include <deepgemm/ops/paged_mqa_logits/problem.hpp>

namespace deepgemm::bench {

/// Logits of requests whose contexts are of random lengths, from 7/13 of the columns to all of them, or `whole`: as long as a
/// row.
struct paged_mqa_logits_case {
    int requests, next_n;
    int columns, heads, depth;
    int block = 64;
    logits_form form = logits_form::unclean;
    dtype logits = dtype::f32, weights = dtype::f32;
    bool whole = false;
    int rows = requests * next_n;  ///< queries

    bool is_fp8() const { return true; }
    /// Cases of one family share a result file.
    const char* family() const { return "paged_mqa_logits"; }
    const char* op() const { return "fp8_paged_mqa_logits"; }
    const char* pass() const { return "decode"; }
    /// The largest accepted difference from the reference: what rounding to the type of logits leaves, and a margin.
    double tolerance() const { return logits == dtype::bf16 ? 4e-6 : logits == dtype::f16 ? 2e-7 : 1e-7; }

    /// Keys of a request, the same in every run.
    int length(int request) const;
    /// Keys of all requests.
    double keys() const;
    /// As DeepGEMM counts: products of pairs of a query and a key of its context.
    double flops() const { return 2 * keys() * next_n * heads * depth; }
    /// Bytes that must move through memory: queries, keys and scales once, and the logits that are written.
    double bytes() const;
    double written() const;  ///< bytes of logits
    /// Bytes of device memory that the tensors take, and those for the reference, which keeps nothing.
    double memory() const;
    double checking_memory() const { return 0; }
    /// The case as the peer spells it: `FP4=0 Logits=FP32 Reduce=FP32 VAR=0 PAGE_KV=64 BSZ=256 NextN=1 H=64 D=128 L=8192`, L
    /// the mean length; and what the peer does not have.
    std::string name() const;
};

/// A case as the planner sees it.
paged_mqa_logits_workload workload_of(const paged_mqa_logits_case& c);

/// The 14 cases of the peer, and four queries a request.
std::vector<paged_mqa_logits_case> suite_paged_mqa_logits();

/// "B*T,N,H,D:paged" and words with a - before each: a size of pages, a form, a type of logits, a type of weights. Throws
/// std::invalid_argument if it is no such product.
paged_mqa_logits_case parse_paged_mqa_logits(const std::string& text);

}  // namespace deepgemm::bench
