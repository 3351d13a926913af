// SPDX-License-Identifier: MIT
// The scores of a lightning indexer over paged keys as an operation: the functions that planner, engine and NVRTC call, defined
// by the headers beside this one.
#pragma once

#include <string>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/operation.hpp>
#include <deepgemm/host/plan.hpp>
#include <deepgemm/ops/mqa_logits/operation.hpp>
#include <deepgemm/ops/paged_mqa_logits/cost.hpp>
#include <deepgemm/ops/paged_mqa_logits/rules.hpp>
#include <deepgemm/ops/paged_mqa_logits/text.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

namespace ops {

/// logits(i, j) = scale(j) * sum over h of relu(dot(q(i, h), key(j))) * weight(i, h) for the first keys of the request of
/// query i.
struct paged_mqa_logits : usual_operation<paged_mqa_logits_problem, paged_mqa_logits_workload,
                                          paged_mqa_arguments<logits_arguments>, paged_mqa_traits, paged_mqa_config> {
    static constexpr const char *name = "paged_mqa_logits",
                                *kernel_header = "deepgemm/ops/paged_mqa_logits/shipped.cuh";

    static result<void> check(const problem& given) { return detail::check_paged_mqa_logits(given); }
    static result<void> check(const workload& work) { return validate(work); }
    /// Changes the number of queries.
    static workload with_rows(workload work, i32 queries) {
        work.queries = queries;
        return work;
    }

    static const char* why_not(const traits& kernel, const workload& work) {
        if (kernel.block != work.what.block) return "it is for pages of another size";
        return mqa_logits::why_not(kernel.stored, {work.queries, work.columns, work.what.stored});
    }
    static const char* why_not(const config&, const workload&) { return nullptr; }

    static std::string refusal(const workload&, const device_info& device) {
        return refusal_but_on_hopper(name, device);
    }

    static std::string source_of(const paged_mqa_logits_info& kernel) { return deepgemm::source_of(kernel); }
    /// A kernel for a workload, with the configuration for its number of queries.
    static paged_mqa_logits_info wanted(const workload& work, const device_info& device) {
        return {{.arch = device.arch}, work.what, config::of(work.what.stored.scores.heads, work.next_n)};
    }
};

static_assert(operation<paged_mqa_logits> && operation_concept::varies_rows<paged_mqa_logits> &&
              operation_concept::refuses<paged_mqa_logits>);

}  // namespace ops

/// A kernel of paged_mqa_logits for a planner.
using paged_mqa_logits_handle = kernel_handle<ops::paged_mqa_logits>;

}  // namespace deepgemm
