// SPDX-License-Identifier: MIT
// MQA logits in words: "M,N,H,D:mqa" and what is not as usual.
#pragma once

#include <memory>
#include <string>

#include <deepgemm/ops/mqa_logits/operation.hpp>

#include "cases.hpp"
#include "ops/words.hpp"

namespace deepgemm::bench {

template <>
struct words<ops::mqa_logits> {
    using product = mqa_logits_case;

    static constexpr const char* form = "M,N,H,D:mqa[-unclean|-compressed][-bf16|-f16][-by_bf16|-by_f16][-shared]";
    static constexpr const char* about =
        "M,N,H,D:mqa are logits of M queries of H heads of depth D for N keys, in FP32; -unclean and -compressed are\n"
        "other forms, -bf16 and -f16 other types of logits, -by_bf16 and -by_f16 other types of weights. Each query "
        "sees\n"
        "a key more than the one before; with -shared queries are two chunks of a sequence of N, as on one of several\n"
        "GPUs. That counts for 'bench' alone: a plan does not know which keys are seen.";
    static constexpr const char* heading = "queries by keys";
    static constexpr const char* suites[] = {"mqa_logits"};
    static constexpr const char* about_suites = "mqa_logits: scores of a lightning indexer";
    static constexpr const char* simulated[] = {"40,300,64,128:mqa", "70,200,32,32:mqa-compressed",
                                                "30,500,32,128:mqa-bf16"};

    static bool takes(const std::string& text) { return text.find(":mqa") != text.npos; }
    static product parse(const std::string& text) { return parse_mqa_logits(text); }
    static mqa_logits_workload workload_of(const product& p) { return bench::workload_of(p); }
    static std::string text_of(const mqa_logits_workload& work);
    static i32 rows_of(const mqa_logits_workload& work) { return work.queries; }
    static std::string variant(const mqa_logits_info&, const mqa_logits_workload&) { return ""; }

    static std::unique_ptr<contest> contest_of(const options& o);
};

}  // namespace deepgemm::bench
