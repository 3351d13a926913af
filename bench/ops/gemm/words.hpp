// SPDX-License-Identifier: MIT
// The dense GEMM in words: "M,N,K[:R]".
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <deepgemm/ops/gemm/operation.hpp>

#include "cases.hpp"
#include "json.hpp"
#include "ops/words.hpp"

namespace deepgemm::bench {

template <>
struct words<ops::gemm> {
    using product = gemm_case;

    static constexpr const char* form = "M,N,K[:R]";
    static constexpr const char* about =
        "M,N,K[:R] is D(M,N) = A(M,K) x B(N,K). R says how the operands are stored: 1d2d (FP8, weights scaled by\n"
        "block; default), 1d1d, row (one scale a row), tensor (one an operand), bf16 or f16, with any of -nn, -tn, "
        "-tt,\n"
        "all but 1d2d with -acc, the last two with -f32, too. A product that accumulates adds C in place. FP8 in "
        "these\n"
        "orders is transposed first, or with up to 128 rows and scales along K on the way; plans are for what "
        "follows.\n"
        "Blackwell (--gpu b200) takes FP8 in every order, with packed scales along K, and R may be fp8xfp4 (weights in "
        "FP4,\n"
        "with -nn, -tn, -tt, -acc, -f32), mxf4 or nvf4 (FP4 alone, along K, with -acc, -f32).";
    static constexpr const char* suites[] = {"fp8_42",    "fp8_25",  "fp8", "fp8_layouts", "fp8_row_scales",
                                             "sustained", "bf16_75", "all", "fp8_63",      "fp4"};
    static constexpr const char* about_suites =
        "fp8_42 (default), fp8_25, fp8 (both), fp8_layouts, fp8_row_scales, sustained, bf16_75, all of these but "
        "fp8_layouts and sustained; for Blackwell fp8_63 and fp4";
    static constexpr const char* simulated[] = {"4,128,256",         "64,128,384",         "256,128,256",
                                                "100,136,256:1d1d",  "72,64,256:1d1d-acc", "90,72,256:row",
                                                "7,136,144:tensor",  "64,96,192:bf16",     "128,64,128:bf16-nn",
                                                "64,128,96:bf16-tn", "33,64,128:f16"};

    static product parse(const std::string& text) { return parse_shape(text); }
    static gemm_workload workload_of(const product& p) { return bench::workload_of(p); }
    static gemm_workload workload_of(const product& p, const device_info& device) {
        return bench::workload_of(p, device);
    }
    static i32 rows_of(const gemm_workload& work) { return work.shape.m; }
    static static_extents fixed_by(const gemm_workload& work) { return {0, work.shape.n, work.shape.k}; }
    /// The epilogue tells kernels apart only if they add C, which they do in two ways.
    static std::string variant(const gemm_info& kernel, const gemm_workload& work) {
        return work.accumulate ? epilogue_source(kernel.traits) : "";
    }

    static json to_json(const gemm_tuned_row& row);
    /// Throws std::invalid_argument with what is wrong with the row.
    static gemm_tuned_row row_of(const json& row);

    static std::unique_ptr<contest> contest_of(const options& o);
};

/// The row that says which kernel is the fastest for a case, whose C, if it has one, is D.
gemm_tuned_row row_of(const gemm_case& measured, const config& cfg, bool in_place);

}  // namespace deepgemm::bench
