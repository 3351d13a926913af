// SPDX-License-Identifier: MIT
// The scores of a lightning indexer that the benchmark times: those of DeepGEMM's test, and the same of 16 heads.
#pragma once

#include <string>
#include <vector>

#include <deepgemm/ops/mqa_logits/problem.hpp>

namespace deepgemm::bench {

/// Which keys the queries of a case see.
enum class mqa_ranges {
    causal,  ///< query i sees keys up to i + keys - rows, but not that one
    shared,  ///< of a sequence as long as the keys that several GPUs share: two chunks, one from each half, causal in each
};

/// The key after the last one that query `i` of `queries` sees, 0 to `keys`. It sees all before that.
int last_key(mqa_ranges ranges, int queries, int keys, int i);

/// Logits of `rows` queries for `keys` keys.
struct mqa_logits_case {
    int rows;  ///< queries
    int keys, heads, depth;
    logits_form form = logits_form::full;
    dtype logits = dtype::f32, weights = dtype::f32;
    mqa_ranges ranges = mqa_ranges::causal;

    bool is_fp8() const { return true; }
    /// Cases of one family share a result file.
    const char* family() const { return "mqa_logits"; }
    const char* op() const { return "fp8_mqa_logits"; }
    const char* pass() const { return ranges == mqa_ranges::causal ? "causal" : "shared"; }
    /// The largest accepted difference from the reference: what rounding to the type of logits leaves, and a margin.
    double tolerance() const { return logits == dtype::bf16 ? 4e-6 : logits == dtype::f16 ? 2e-7 : 1e-7; }

    int last(int i) const { return last_key(ranges, rows, keys, i); }
    /// Pairs of a query and a key that it sees.
    double pairs() const;
    /// Columns of a row of logits: as many as the longest range has keys, if it is compressed.
    int columns() const;
    /// As DeepGEMM counts: products of pairs alone.
    double flops() const { return 2 * pairs() * heads * depth; }
    /// Bytes that must move through memory: operands once, and the logits that are written.
    double bytes() const;
    /// Bytes of device memory that the tensors take, and those for the reference, which keeps nothing.
    double memory() const;
    double checking_memory() const { return 0; }
    /// The case as the peer spells it: `FP4=0 Logits=FP32 Reduce=FP32 CMP=0 SQ=2048 SK=8192 H=64 D=128 CP=0`. Its logits are
    /// full or compressed (CMP); CP says that ranges are shared.
    std::string name() const;
};

/// A case as the planner sees it.
mqa_logits_workload workload_of(const mqa_logits_case& c);

/// The 14 cases of the peer, and those of 32 heads of depth 128 and FP32 logits with 16 heads.
std::vector<mqa_logits_case> suite_mqa_logits();

/// "M,N,H,D:mqa" and words with a - before each: a form, a type of logits, a type of weights and whether ranges are shared.
/// Throws std::invalid_argument if it is no such product.
mqa_logits_case parse_mqa_logits(const std::string& text);

}  // namespace deepgemm::bench
