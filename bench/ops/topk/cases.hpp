// SPDX-License-Identifier: MIT
// The selections that the benchmark times.
#pragma once

#include <string>
#include <vector>

#include <deepgemm/ops/topk/problem.hpp>

#include "ops/mqa_logits/cases.hpp"
#include "ops/paged_mqa_logits/cases.hpp"

namespace deepgemm::bench {

/// Where the logits of a case come from.
enum class logits_source {
    given,    ///< they are normal numbers, and only the selection is timed
    decode,   ///< paged_mqa_logits in the same time: contexts as long as a row
    prefill,  ///< mqa_logits in the same time: causal ranges
};

/// The `k` largest of `columns` logits in each of `rows` rows.
struct topk_case {
    int rows, columns, k;
    dtype logits = dtype::f32;
    logits_source source = logits_source::given;
    int next_n = 1;  ///< of decode: queries of a request

    bool is_fp8() const { return source != logits_source::given; }
    /// Cases of one family share a result file.
    const char* family() const { return is_fp8() ? "topk_logits" : "topk"; }
    const char* op() const { return family(); }
    const char* pass() const { return source == logits_source::decode ? "decode" : "prefill"; }
    /// What is scored, 64 heads of 128, in decode and in prefill.
    paged_mqa_logits_case decode() const {
        return {
            .requests = rows / next_n, .next_n = next_n, .columns = columns, .heads = 64, .depth = 128, .whole = true};
    }
    mqa_logits_case prefill() const {
        return {.rows = rows, .keys = columns, .heads = 64, .depth = 128, .form = logits_form::unclean};
    }
    /// Selections are exact; scores are judged as where they alone are timed.
    double tolerance() const { return is_fp8() ? decode().tolerance() : 1e-30; }

    /// Those of the scores.
    double flops() const;
    /// Bytes that must move through memory: all that is read from outside and all indices. Scores are written and read besides.
    double bytes() const;
    /// Bytes of device memory that the tensors take, and those for the reference, which keeps nothing.
    double memory() const;
    double checking_memory() const { return 0; }
    std::string name() const;
};

/// A case as the planner sees it.
topk_workload workload_of(const topk_case& c);

/// Rows as an indexer for 2048 keys has them, in decode and in prefill.
std::vector<topk_case> suite_topk();

/// The best 2048 keys of each query, from queries and keys on.
std::vector<topk_case> suite_topk_logits();

/// "M,N,K:topk" and maybe a type of logits. Throws std::invalid_argument if it is no such product.
topk_case parse_topk(const std::string& text);

}  // namespace deepgemm::bench
