// SPDX-License-Identifier: MIT
// The contiguous grouped GEMM as an operation: the functions that planner, engine and NVRTC call, defined by the headers beside
// this one.
#pragma once

#include <string>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/ops/contiguous_gemm/cost.hpp>
#include <deepgemm/ops/contiguous_gemm/rules.hpp>
#include <deepgemm/ops/contiguous_gemm/text.hpp>
#include <deepgemm/ops/gemm/operation.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

namespace detail {

/// True if a kernel with tiles of `block_m` rows takes as many groups as a workload has. By the group of each row, tiles of 64 rows
/// take any number.
constexpr bool holds_groups(int block_m, const contiguous_workload& work) {
    static_assert(row_groups::most_tabled == 256, "why_not() names the number");
    return work.by != grouping::indexed || block_m <= 64 || work.groups <= row_groups::most_tabled;
}

}  // namespace detail

namespace ops {

/// D(m,n) = sum over k of A(m,k) B[g](n,k) for the rows m of each group g. Groups follow each other in A and D; a list in device
/// memory says where.
struct contiguous_gemm
    : usual_operation<contiguous_problem, contiguous_workload, contiguous_arguments, gemm_traits, deepgemm::config> {
    static constexpr const char* name = "contiguous_gemm";

    static result<void> check(const problem& given) { return detail::check_contiguous(given); }
    static result<void> check(const workload& work) { return validate(work); }
    /// Changes the rows that a group usually has, and those of all groups with them.
    static workload with_rows(workload work, i32 rows) {
        work.expected_rows = rows;
        work.shape.m = i32(min(i64(work.groups) * rows, max_extent));
        return work;
    }

    static const char* why_not(const traits& kernel, const workload& work) {
        if (kernel.groups != grouping::psum && kernel.groups != grouping::indexed) return "it has no groups of rows";
        if (kernel.groups != work.by) {
            return work.by == grouping::psum ? "it takes the group of each row" : "it takes the end of each group";
        }
        if (kernel.a.gathered != work.a.gathered)
            return work.a.gathered ? "it does not gather rows of A" : "it gathers rows of A";
        if (kernel.scattered != work.scattered)
            return work.scattered ? "it does not scatter rows of D" : "it scatters rows of D";
        traits one = kernel;
        one.groups = grouping::none;
        one.scattered = false;
        return gemm::why_not(one, work.one());
    }
    static const char* why_not(const config& cfg, const workload& work) {
        if (!detail::holds_groups(cfg.block.m, work)) return "it takes up to 256 groups by the group of each row";
        return gemm::why_not(cfg, work.one());
    }

    static std::string refusal(const workload& work, const device_info& device) {
        const bool hopper = device.arch / 10 == arch::sm90::number / 10;
        if (hopper && work.shape.k != 0 && detail::is_fp8(work.b.type) && work.b.contiguous == major::mn) {
            return concat("B is ", work.b.type,
                          " and contiguous along N; groups of rows are multiplied by FP8 along K, ",
                          "as m_grouped_fp8_gemm_nn_contiguous transposes it");
        }
        return refusal_of_group(work.one(), device);
    }

    /// A kernel for a workload that is not refused. Its configuration is left to the user who instantiates it.
    static gemm_info wanted(const workload& work, const device_info& device) {
        gemm_info made = gemm::wanted(work.one(), device);
        made.traits.groups = work.by;
        made.traits.a.gathered = work.a.gathered;
        made.traits.scattered = work.scattered;
        if (!detail::holds_groups(made.cfg.block.m, work)) made.cfg.block.m = 64, made.cfg.sm90.warpgroups = 1;
        return made;
    }
};

static_assert(operation<contiguous_gemm> && operation_concept::varies_rows<contiguous_gemm> &&
              operation_concept::refuses<contiguous_gemm>);

}  // namespace ops

/// A kernel of groups of rows for a planner.
using contiguous_handle = kernel_handle<ops::contiguous_gemm>;
/// The kernel that will run a contiguous grouped GEMM, and how it compares with others.
using contiguous_plan = plan_of<ops::contiguous_gemm>;

}  // namespace deepgemm
