// SPDX-License-Identifier: MIT
// The HyperConnection prenorm in words: "M,N,K:prenorm[-S]".
#pragma once

#include <memory>
#include <string>

#include <deepgemm/ops/hc_prenorm/operation.hpp>

#include "cases.hpp"
#include "ops/words.hpp"

namespace deepgemm::bench {

template <>
struct words<ops::hc_prenorm> {
    using product = hc_prenorm_case;

    static constexpr const char* form = "M,N,K:prenorm[-S]";
    static constexpr const char* about =
        "M,N,K:prenorm is a HyperConnection prenorm, products and sums of squares of BF16 rows with FP32 weights as\n"
        "TF32; M,N,K:prenorm-S leaves the sums in S parts of K.";
    static constexpr const char* heading = "prenorm";
    static constexpr const char* suites[] = {"hc_prenorm"};
    static constexpr const char* about_suites = "hc_prenorm: HyperConnection prenorms, as one sum and in 16 parts";
    static constexpr const char* simulated[] = {"72,24,512:prenorm", "72,24,500:prenorm-3"};

    static bool takes(const std::string& text) { return text.find(":prenorm") != text.npos; }
    static product parse(const std::string& text) { return parse_prenorm(text); }
    static hc_prenorm_workload workload_of(const product& p) { return bench::workload_of(p); }
    static std::string text_of(const hc_prenorm_workload& work);
    static i32 rows_of(const hc_prenorm_workload& work) { return work.shape.m; }
    static std::string variant(const hc_prenorm_info&, const hc_prenorm_workload&) { return ""; }

    static std::unique_ptr<contest> contest_of(const options& o);
};

}  // namespace deepgemm::bench
