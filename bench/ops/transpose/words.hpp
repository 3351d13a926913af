// SPDX-License-Identifier: MIT
// Transpositions in words: "[B*]M,N:transpose".
#pragma once

#include <memory>
#include <string>

#include <deepgemm/ops/transpose/operation.hpp>

#include "cases.hpp"
#include "ops/words.hpp"

namespace deepgemm::bench {

template <>
struct words<ops::transpose> {
    using product = transpose_case;

    static constexpr const char* form = "[B*]M,N:transpose";
    static constexpr const char* about =
        "M,N:transpose transposes M rows of N bytes of FP8, B*M,N:transpose a stack of B such matrices.";
    static constexpr const char* heading = "rows by columns";
    static constexpr const char* suites[] = {"transpose"};
    static constexpr const char* about_suites = "transpose: operands of FP8 products, transposed";
    static constexpr const char* simulated[] = {"100,300:transpose", "2*64,130:transpose"};

    static bool takes(const std::string& text) { return text.find(":transpose") != text.npos; }
    static product parse(const std::string& text) { return parse_transpose(text); }
    static transpose_workload workload_of(const product& p) { return bench::workload_of(p); }
    static std::string text_of(const transpose_workload& work);
    static i32 rows_of(const transpose_workload& work) { return work.rows; }
    static std::string variant(const transpose_info&, const transpose_workload&) { return ""; }

    static std::unique_ptr<contest> contest_of(const options& o);
};

}  // namespace deepgemm::bench
