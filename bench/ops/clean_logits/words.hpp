// SPDX-License-Identifier: MIT
// Cleaning of logits in words: "M,N:clean".
#pragma once

#include <memory>
#include <string>

#include <deepgemm/ops/clean_logits/operation.hpp>

#include "cases.hpp"
#include "ops/words.hpp"

namespace deepgemm::bench {

template <>
struct words<ops::clean_logits> {
    using product = clean_logits_case;

    static constexpr const char* form = "M,N:clean[-bf16|-f16][-shared]";
    static constexpr const char* about =
        "M,N:clean fills logits of M queries for N keys with minus infinity outside of ranges, in FP32, or with -bf16 "
        "or\n"
        "-f16 in that type; -shared as for logits.";
    static constexpr const char* heading = "queries by keys";
    static constexpr const char* suites[] = {"clean_logits"};
    static constexpr const char* about_suites = "clean_logits: minus infinity outside of ranges";
    static constexpr const char* simulated[] = {"20,5000:clean", "30,700:clean-bf16"};

    static bool takes(const std::string& text) { return text.find(":clean") != text.npos; }
    static product parse(const std::string& text) { return parse_clean_logits(text); }
    static clean_logits_workload workload_of(const product& p) { return bench::workload_of(p); }
    static std::string text_of(const clean_logits_workload& work);
    static i32 rows_of(const clean_logits_workload& work) { return work.queries; }
    static std::string variant(const clean_logits_info&, const clean_logits_workload&) { return ""; }

    static std::unique_ptr<contest> contest_of(const options& o);
};

}  // namespace deepgemm::bench
