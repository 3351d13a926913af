// SPDX-License-Identifier: MIT
// The HyperConnection prenorm as an operation: the functions that planner, engine and NVRTC call, defined by the headers beside
// this one.
#pragma once

#include <string>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/plan.hpp>
#include <deepgemm/ops/hc_prenorm/cost.hpp>
#include <deepgemm/ops/hc_prenorm/rules.hpp>
#include <deepgemm/ops/hc_prenorm/text.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

namespace ops {

/// D(m,n) = sum over k of A(m,k) tf32(B(n,k)) and q(m) = sum over k of A(m,k)^2, from one pass over A; or both in parts of K.
struct hc_prenorm : usual_operation<hc_prenorm_problem, hc_prenorm_workload, hc_prenorm_arguments, hc_prenorm_traits,
                                    hc_prenorm_config> {
    static constexpr const char* name = "hc_prenorm";

    static result<void> check(const problem& given) { return detail::check_hc_prenorm(given); }
    static result<void> check(const workload& work) { return validate(work); }
    static workload with_rows(workload work, i32 rows) {
        work.shape.m = rows;
        return work;
    }

    static const char* why_not(const traits& kernel, const workload& work) {
        if (kernel != traits{.sums = kernel.sums}) return "it takes or writes other types";
        if (kernel.sums == partial_sums::apart) return work.parts > 1 ? nullptr : "it leaves parts of K apart";
        return work.parts > 1 ? "it adds up all of K" : nullptr;
    }
    static const char* why_not(const config&, const workload&) { return nullptr; }

    static std::string refusal(const workload&, const device_info& device) {
        return refusal_but_on_hopper(name, device);
    }

    /// A kernel for a workload, with a tile as wide as D where one can be.
    static hc_prenorm_info wanted(const workload& work, const device_info& device) {
        hc_prenorm_info made{{.arch = device.arch}};
        made.traits.sums = work.parts > 1 ? partial_sums::apart : partial_sums::added;
        made.cfg.block.n = min(align_up(work.shape.n, 8), 128);
        return made;
    }
};

static_assert(operation<hc_prenorm> && operation_concept::varies_rows<hc_prenorm> &&
              operation_concept::refuses<hc_prenorm>);

}  // namespace ops

/// A kernel of the prenorm for a planner.
using hc_prenorm_handle = kernel_handle<ops::hc_prenorm>;
/// The kernel that will run a prenorm, and how it compares with others.
using hc_prenorm_plan = plan_of<ops::hc_prenorm>;

}  // namespace deepgemm
