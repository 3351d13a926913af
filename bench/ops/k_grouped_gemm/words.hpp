// SPDX-License-Identifier: MIT
// The GEMM in groups of K in words: "G*M,N,K:{[bf16-]along-k|concatenated}[-ue8m0][-f32|-bf16]".
#pragma once

#include <memory>
#include <string>

#include <deepgemm/ops/k_grouped_gemm/operation.hpp>

#include "cases.hpp"
#include "ops/words.hpp"

namespace deepgemm::bench {

template <>
struct words<ops::k_grouped_gemm> {
    using product = k_grouped_case;

    static constexpr const char* form = "G*M,N,K:{[bf16-]along-k|concatenated}[-ue8m0][-f32|-bf16]";
    static constexpr const char* about =
        "G*M,N,K:along-k are K elements in FP8 in G groups along K, each added to a matrix (M, N) in FP32;\n"
        "G*M,N,K:concatenated are the same where the rows of operands are as long as their group; with bf16- before\n"
        "along-k, BF16 with rows of K. With -ue8m0 behind it scales of FP8 are packed, with -f32 or -bf16 D is stored "
        "in\n"
        "that type and not added to.";
    static constexpr const char* heading = "groups x k, m x n";
    static constexpr const char* suites[] = {"k_grouped", "k_grouped_bf16"};
    static constexpr const char* about_suites = "k_grouped: FP8 in groups of K; k_grouped_bf16: BF16 in such groups";
    static constexpr const char* simulated[] = {"3*72,128,512:along-k", "3*72,128,512:concatenated",
                                                "3*72,128,640:along-k-ue8m0", "3*72,128,200:bf16-along-k",
                                                "3*72,128,200:bf16-along-k-bf16"};

    static bool takes(const std::string& text) {
        return text.find('*') != text.npos &&
               (text.find("along-k") != text.npos || text.find("concatenated") != text.npos);
    }
    static product parse(const std::string& text) { return parse_k_groups(text); }
    static k_grouped_workload workload_of(const product& p) { return bench::workload_of(p); }
    static std::string text_of(const k_grouped_workload& work);
    static i32 rows_of(const k_grouped_workload& work) { return work.shape.m; }
    /// M and N are those of weights, but K counts tokens.
    static static_extents fixed_by(const k_grouped_workload& work) { return {work.shape.m, work.shape.n, 0}; }
    static std::string variant(const gemm_info&, const k_grouped_workload&) { return ""; }

    static std::unique_ptr<contest> contest_of(const options& o);
};

}  // namespace deepgemm::bench
