// SPDX-License-Identifier: MIT
// The batched GEMM as an operation: the functions that planner, engine and NVRTC call, defined by the headers beside this one.
#pragma once

#include <string>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/ops/batched_gemm/cost.hpp>
#include <deepgemm/ops/batched_gemm/rules.hpp>
#include <deepgemm/ops/batched_gemm/text.hpp>
#include <deepgemm/ops/gemm/operation.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

namespace ops {

/// D[s](m,n) = [D[s](m,n) +] sum over k of A[s](m,k) B[s](n,k) for each matrix s of a stack, or their sum over s.
struct batched_gemm
    : usual_operation<batched_problem, batched_workload, batched_arguments, gemm_traits, deepgemm::config> {
    static constexpr const char* name = "batched_gemm";

    static result<void> check(const problem& given) { return detail::check_batch(given); }
    static result<void> check(const workload& work) { return validate(work); }
    /// Changes the rows of every product.
    static workload with_rows(workload work, i32 rows) {
        work.one.shape.m = rows;
        return work;
    }

    static const char* why_not(const traits& kernel, const workload& work) {
        if (kernel.groups != (work.sum ? grouping::summed : grouping::batched))
            return work.sum ? "it does not sum up a batch" : "it computes no batch";
        traits one = kernel;
        one.groups = grouping::none;
        return gemm::why_not(one, work.one);
    }
    static const char* why_not(const config& cfg, const workload& work) { return gemm::why_not(cfg, work.one); }

    /// Bytes that a sum can use.
    static u64 workspace_bytes(const config& cfg, const workload& work, int num_sms) {
        if (!work.sum) return 0;
        const auto tiles = detail::tiling::of(cfg, work.one);
        return summed_batch::bytes_of(detail::parts_of_sum(cfg, work, num_sms) * tiles.m * tiles.n, cfg.block);
    }

    static std::string refusal(const workload& work, const device_info& device) {
        return refusal_of_group(work.one, device);
    }

    /// A kernel for a workload that is not refused. Its configuration is left to the user who instantiates it.
    static gemm_info wanted(const workload& work, const device_info& device) {
        gemm_info made = gemm::wanted(work.one, device);
        made.traits.groups = work.sum ? grouping::summed : grouping::batched;
        made.traits.in_place = work.sum && work.one.accumulate;
        if (made.cfg.swap && made.traits.accumulate) gemm::keep_places(made);  // a batch exchanges them for D alone
        return made;
    }
};

static_assert(operation<batched_gemm> && operation_concept::varies_rows<batched_gemm> &&
              operation_concept::refuses<batched_gemm>);

}  // namespace ops

/// A kernel of a batch for a planner.
using batched_handle = kernel_handle<ops::batched_gemm>;
/// The kernel that will run a batch, and how it compares with others.
using batched_plan = plan_of<ops::batched_gemm>;

}  // namespace deepgemm
