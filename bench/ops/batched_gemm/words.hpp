// SPDX-License-Identifier: MIT
// Batches in words: "S*M,N,K:batch-recipe", "heads-recipe" and "sum-recipe".
#pragma once

#include <memory>
#include <string>

#include <deepgemm/ops/batched_gemm/operation.hpp>

#include "cases.hpp"
#include "ops/words.hpp"

namespace deepgemm::bench {

template <>
struct words<ops::batched_gemm> {
    using product = batched_case;

    static constexpr const char* form = "S*M,N,K:batch-recipe";
    static constexpr const char* about =
        "S*M,N,K:batch-bf16 are S products of a batch, of any recipe of one product: bf16-nn, f16, 1d2d. :heads-bf16 "
        "are\n"
        "the same with tokens whose heads are among each other in A and D, :sum-bf16 is the sum of all products,\n"
        ":gradient-1d1d-acc the gradient of the weights of heads.";
    static constexpr const char* heading = "batch";
    static constexpr const char* suites[] = {"einsum", "einsum_bf16", "einsum_bmk", "einsum_fp8"};
    static constexpr const char* about_suites =
        "einsum: DeepGEMM's 43 einsums, and 10 more in FP8; einsum_bf16, einsum_bmk, einsum_fp8: heads in BF16, sums "
        "of "
        "batches, heads in FP8";
    static constexpr const char* simulated[] = {"3*72,128,200:batch-bf16", "3*72,128,256:heads-1d2d",
                                                "9*72,128,200:sum-bf16-f32"};

    static bool takes(const std::string& text) {
        for (const char* const form : {":batch", ":heads", ":gradient", ":sum"}) {
            if (text.find(form) != text.npos) return true;
        }
        return false;
    }
    static product parse(const std::string& text) { return parse_batch(text); }
    static batched_workload workload_of(const product& p) { return bench::workload_of(p); }
    static std::string text_of(const batched_workload& work);
    static i32 rows_of(const batched_workload& work) { return work.one.shape.m; }
    static static_extents fixed_by(const batched_workload& work) { return {0, work.one.shape.n, work.one.shape.k}; }
    static std::string variant(const gemm_info&, const batched_workload&) { return ""; }

    static std::unique_ptr<contest> contest_of(const options& o);
};

}  // namespace deepgemm::bench
