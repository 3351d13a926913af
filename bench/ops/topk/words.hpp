// SPDX-License-Identifier: MIT
// Selections in words: "M,N,K:topk".
#pragma once

#include <memory>
#include <string>

#include <deepgemm/ops/topk/operation.hpp>

#include "cases.hpp"
#include "ops/words.hpp"

namespace deepgemm::bench {

template <>
struct words<ops::topk> {
    using product = topk_case;

    static constexpr const char* form = "M,N,K:topk[-bf16|-f16]";
    static constexpr const char* about =
        "M,N,K:topk selects the K largest of N FP32 in each of M rows; with -bf16 or -f16 of that type.";
    static constexpr const char* heading = "rows by columns";
    static constexpr const char* suites[] = {"topk", "topk_logits"};
    static constexpr const char* about_suites =
        "topk: the 2048 largest logits of each row; topk_logits: the same from queries and keys on";
    static constexpr const char* simulated[] = {"5,6000,500:topk", "4,5000,100:topk-bf16"};

    static bool takes(const std::string& text) { return text.find(":topk") != text.npos; }
    static product parse(const std::string& text) { return parse_topk(text); }
    static topk_workload workload_of(const product& p) { return bench::workload_of(p); }
    static std::string text_of(const topk_workload& work);
    static i32 rows_of(const topk_workload& work) { return work.rows; }
    static std::string variant(const topk_info&, const topk_workload&) { return ""; }

    static std::unique_ptr<contest> contest_of(const options& o);
};

}  // namespace deepgemm::bench
