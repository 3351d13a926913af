// SPDX-License-Identifier: MIT
// The contiguous grouped GEMM in words: "G*M,N,K:[bf16-[nn-]][gathered-|scattered-]psum[-E]", or indexed in place of psum.
#pragma once

#include <memory>
#include <string>

#include <deepgemm/ops/contiguous_gemm/operation.hpp>

#include "cases.hpp"
#include "ops/words.hpp"

namespace deepgemm::bench {

template <>
struct words<ops::contiguous_gemm> {
    using product = contiguous_case;

    static constexpr const char* form = "G*M,N,K:[bf16-[nn-]][gathered-|scattered-]{psum|indexed}[-E]";
    static constexpr const char* about =
        "G*M,N,K:psum-E are M rows in FP8 in G groups, given by where each ends, of which each usually has E (M / G\n"
        "without -E); G*M,N,K:indexed-E are the same, given by the group of each row. With bf16- before that, BF16;\n"
        "with bf16-nn-, BF16 with B contiguous along N. With gathered- or scattered- a list names rows of A, or of D.";
    static constexpr const char* heading = "groups x rows, n x k";
    static constexpr const char* suites[] = {"contiguous", "contiguous_bf16", "router", "lists"};
    static constexpr const char* about_suites =
        "contiguous: FP8 in groups of rows; contiguous_bf16: BF16 in such groups; router: FP8 in uneven ones; "
        "lists: gathered and scattered rows";
    static constexpr const char* simulated[] = {"3*72,128,256:psum", "3*72,128,200:bf16-nn-indexed-20",
                                                "3*72,128,256:gathered-psum", "3*72,128,200:bf16-scattered-indexed"};

    static bool takes(const std::string& text) {
        return text.find('*') != text.npos && (text.find("psum") != text.npos || text.find("indexed") != text.npos);
    }
    static product parse(const std::string& text) { return parse_contiguous(text); }
    static contiguous_workload workload_of(const product& p) { return bench::workload_of(p); }
    static std::string text_of(const contiguous_workload& work);
    static i32 rows_of(const contiguous_workload& work) { return work.expected_rows; }
    static static_extents fixed_by(const contiguous_workload& work) { return {0, work.shape.n, work.shape.k}; }
    static std::string variant(const gemm_info&, const contiguous_workload&) { return ""; }

    static std::unique_ptr<contest> contest_of(const options& o);
};

}  // namespace deepgemm::bench
