// SPDX-License-Identifier: MIT
// The grouped GEMM as an operation: the functions that planner, engine and NVRTC call, defined by the headers beside this one.
#pragma once

#include <string>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/ops/gemm/operation.hpp>
#include <deepgemm/ops/grouped_gemm/cost.hpp>
#include <deepgemm/ops/grouped_gemm/rules.hpp>
#include <deepgemm/ops/grouped_gemm/text.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

namespace ops {

/// D[g](m,n) = sum over k of A[g](m,k) B[g](n,k) for the first counts[g] rows of the slot of each group g.
struct grouped_gemm
    : usual_operation<grouped_problem, grouped_workload, masked_arguments, gemm_traits, deepgemm::config> {
    static constexpr const char* name = "grouped_gemm";

    static result<void> check(const problem& given) { return detail::check_grouped(given); }
    static result<void> check(const workload& work) { return validate(work); }
    /// Changes the rows that a group usually has; its slot stays as it is.
    static workload with_rows(workload work, i32 rows) {
        work.expected_rows = rows;
        return work;
    }

    static const char* why_not(const traits& kernel, const workload& work) {
        if (kernel.groups != grouping::masked) return "its groups have no slots of rows";
        traits one = kernel;
        one.groups = grouping::none;
        return gemm::why_not(one, work.one());
    }
    static const char* why_not(const config& cfg, const workload& work) { return gemm::why_not(cfg, work.one()); }

    static std::string refusal(const workload& work, const device_info& device) {
        return refusal_of_group(work.one(), device);
    }

    /// A kernel for a workload that is not refused. Its configuration is left to the user who instantiates it.
    static gemm_info wanted(const workload& work, const device_info& device) {
        gemm_info made = gemm::wanted(work.one(), device);
        made.traits.groups = grouping::masked;
        return made;
    }
};

static_assert(operation<grouped_gemm> && operation_concept::varies_rows<grouped_gemm> &&
              operation_concept::refuses<grouped_gemm>);

}  // namespace ops

/// A kernel of groups for a planner.
using grouped_handle = kernel_handle<ops::grouped_gemm>;
/// The kernel that will run a grouped GEMM, and how it compares with others.
using grouped_plan = plan_of<ops::grouped_gemm>;

}  // namespace deepgemm
