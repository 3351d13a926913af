// SPDX-License-Identifier: MIT
// Logits of paged keys in words: "B*T,N,H,D:paged" and what is not as usual.
#pragma once

#include <memory>
#include <string>

#include <deepgemm/ops/paged_mqa_logits/operation.hpp>

#include "cases.hpp"
#include "ops/words.hpp"

namespace deepgemm::bench {

template <>
struct words<ops::paged_mqa_logits> {
    using product = paged_mqa_logits_case;

    static constexpr const char* form = "B*T,N,H,D:paged[-32|-128][-full][-bf16|-f16][-by_bf16|-by_f16]";
    static constexpr const char* about =
        "B*T,N,H,D:paged are logits of B requests of T queries of H heads of depth D, unclean and in FP32, whose "
        "contexts\n"
        "have up to N keys in pages of 64; -32 and -128 are other pages, -full another form, -bf16 and -f16 other "
        "types\n"
        "of logits, -by_bf16 and -by_f16 other types of weights. 'bench' draws lengths from 7/13 of N to N.";
    static constexpr const char* heading = "requests by keys";
    static constexpr const char* suites[] = {"paged_mqa_logits"};
    static constexpr const char* about_suites = "paged_mqa_logits: scores of a lightning indexer over paged keys";
    static constexpr const char* simulated[] = {"9*1,300,64,128:paged", "5*2,200,32,32:paged-full",
                                                "3*4,250,32,128:paged-32-bf16"};

    static bool takes(const std::string& text) { return text.find(":paged") != text.npos; }
    static product parse(const std::string& text) { return parse_paged_mqa_logits(text); }
    static paged_mqa_logits_workload workload_of(const product& p) { return bench::workload_of(p); }
    static std::string text_of(const paged_mqa_logits_workload& work);
    static i32 rows_of(const paged_mqa_logits_workload& work) { return work.queries; }
    static std::string variant(const paged_mqa_logits_info&, const paged_mqa_logits_workload&) { return ""; }

    static std::unique_ptr<contest> contest_of(const options& o);
};

}  // namespace deepgemm::bench
