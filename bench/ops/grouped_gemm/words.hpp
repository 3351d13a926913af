// SPDX-License-Identifier: MIT
// The grouped GEMM in words: "G*M,N,K:[bf16-]masked[-E]".
#pragma once

#include <memory>
#include <string>

#include <deepgemm/ops/grouped_gemm/operation.hpp>

#include "cases.hpp"
#include "ops/words.hpp"

namespace deepgemm::bench {

template <>
struct words<ops::grouped_gemm> {
    using product = grouped_case;

    static constexpr const char* form = "G*M,N,K:[bf16-]masked[-E]";
    static constexpr const char* about =
        "G*M,N,K:masked-E are G products in FP8, groups with slots of M rows, of which E are usually filled (all of\n"
        "them without -E). G*M,N,K:bf16-masked-E are the same in BF16.";
    static constexpr const char* heading = "groups x rows, n x k";
    static constexpr const char* suites[] = {"masked", "masked_bf16"};
    static constexpr const char* about_suites = "masked: FP8 in groups; masked_bf16: BF16 in groups";
    static constexpr const char* simulated[] = {"3*72,128,256:masked-20", "3*72,128,200:bf16-masked-20"};

    /// All products in groups that do not say that these follow each other, along rows or along K, or that they are a batch.
    static bool takes(const std::string& text) {
        for (const char* const other :
             {"psum", "indexed", "along-k", "concatenated", ":batch", ":heads", ":gradient", ":sum"}) {
            if (text.find(other) != text.npos) return false;
        }
        return text.find('*') != text.npos;
    }
    static product parse(const std::string& text) { return parse_groups(text); }
    static grouped_workload workload_of(const product& p) { return bench::workload_of(p); }
    static std::string text_of(const grouped_workload& work);
    static i32 rows_of(const grouped_workload& work) { return work.expected_rows; }
    static static_extents fixed_by(const grouped_workload& work) { return {0, work.shape.n, work.shape.k}; }
    static std::string variant(const gemm_info&, const grouped_workload&) { return ""; }

    static std::unique_ptr<contest> contest_of(const options& o);
};

}  // namespace deepgemm::bench
