// SPDX-License-Identifier: MIT
// The GEMM in groups of K as an operation: the functions that planner, engine and NVRTC call, defined by the headers beside
// this one.
#pragma once

#include <string>
#include <tuple>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/ops/gemm/operation.hpp>
#include <deepgemm/ops/k_grouped_gemm/cost.hpp>
#include <deepgemm/ops/k_grouped_gemm/rules.hpp>
#include <deepgemm/ops/k_grouped_gemm/text.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

namespace ops {

/// D[g](m,n) = [C[g](m,n) +] sum over the k of group g of A(m,k) B(n,k). Groups follow each other along K; a list in device
/// memory says where.
struct k_grouped_gemm
    : usual_operation<k_grouped_problem, k_grouped_workload, k_grouped_arguments, gemm_traits, deepgemm::config> {
    static constexpr const char* name = "k_grouped_gemm";

    static result<void> check(const problem& given) { return detail::check_k_grouped(given); }
    static result<void> check(const workload& work) { return validate(work); }
    static workload with_rows(workload work, i32 rows) {
        work.shape.m = rows;
        return work;
    }

    static const char* why_not(const traits& kernel, const workload& work) {
        if (kernel.groups != grouping::along_k && kernel.groups != grouping::k_concatenated)
            return "it has no groups of K";
        if (kernel.groups != work.by()) {
            return work.concatenated ? "rows of its operands hold all groups" : "its operands are concatenated";
        }
        traits one = kernel;
        one.groups = grouping::none;
        return gemm::why_not(one, work.one());
    }
    static const char* why_not(const config& cfg, const workload& work) { return gemm::why_not(cfg, work.one()); }

    /// Why none can be instantiated: packed scales are those of single rows, along M and N, on both sides.
    static std::string refusal(const workload& work, const device_info& device) {
        const std::string why = refusal_of_group(work.one(), device);
        if (work.shape.k == 0) return why;
        const auto packed = [](const operand_info& x) { return scales_per_word(x.format) > 1; };
        const bool of_a = packed(work.a), of_b = packed(work.b);
        if (of_a != of_b) {
            return concat("the scales of ", of_a ? "A" : "B", " are packed and those of ", of_a ? "B" : "A",
                          " are not; kernels of groups of K take both in one form");
        }
        for (const auto& [name, rows, x] : {std::tuple{"A", "M", work.a}, {"B", "N", work.b}}) {
            if (of_a && (x.tile.mn != 1 || x.scales == major::k)) {
                return concat("the scales of ", name, " are packed; kernels of groups of K take such of single rows, ",
                              "contiguous along ", rows);
            }
        }
        return why;
    }

    /// A kernel for a workload that is not refused. Its configuration is left to the user who instantiates it.
    static gemm_info wanted(const workload& work, const device_info& device) {
        gemm_info made = gemm::wanted(work.one(), device);
        made.traits.groups = work.by();
        if (made.cfg.swap) gemm::keep_places(made);
        return made;
    }
};

static_assert(operation<k_grouped_gemm> && operation_concept::varies_rows<k_grouped_gemm> &&
              operation_concept::refuses<k_grouped_gemm>);

}  // namespace ops

/// A kernel of groups of K for a planner.
using k_grouped_handle = kernel_handle<ops::k_grouped_gemm>;
/// The kernel that will run a GEMM in groups of K, and how it compares with others.
using k_grouped_plan = plan_of<ops::k_grouped_gemm>;

}  // namespace deepgemm
