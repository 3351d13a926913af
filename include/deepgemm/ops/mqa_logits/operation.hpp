// SPDX-License-Identifier: MIT
// The scores of a lightning indexer as an operation: the functions that planner, engine and NVRTC call, defined by the headers
// beside this one.
#pragma once

#include <string>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/operation.hpp>
#include <deepgemm/host/plan.hpp>
#include <deepgemm/ops/mqa_logits/cost.hpp>
#include <deepgemm/ops/mqa_logits/rules.hpp>
#include <deepgemm/ops/mqa_logits/text.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

namespace ops {

/// logits(i, j) = scale(j) * sum over h of relu(dot(q(i, h), key(j))) * weight(i, h) for keys j in the range of query i.
struct mqa_logits : usual_operation<mqa_logits_problem, mqa_logits_workload, mqa_logits_arguments<logits_arguments>,
                                    stored_mqa_traits, mqa_logits_config> {
    static constexpr const char *name = "mqa_logits", *kernel_header = "deepgemm/ops/mqa_logits/shipped.cuh";

    static result<void> check(const problem& given) { return detail::check_mqa_logits(given); }
    static result<void> check(const workload& work) { return validate(work); }
    /// Changes the number of queries.
    static workload with_rows(workload work, i32 queries) {
        work.queries = queries;
        return work;
    }

    static const char* why_not(const traits& kernel, const workload& work) {
        const traits& wanted = work.what;
        if (kernel.scores.heads != wanted.scores.heads) return "it is for another number of heads";
        if (kernel.scores.depth != wanted.scores.depth) return "it is for another depth of heads";
        if (kernel.scores.weights != wanted.scores.weights) return "it takes weights of another type";
        if (kernel.logits != wanted.logits) return "it writes logits of another type";
        return kernel.form == wanted.form ? nullptr : "it writes logits in another form";
    }
    static const char* why_not(const config&, const workload&) { return nullptr; }

    static std::string refusal(const workload&, const device_info& device) {
        return refusal_but_on_hopper(name, device);
    }

    static std::string source_of(const mqa_logits_info& kernel) { return deepgemm::source_of(kernel); }
    /// A kernel for a workload. Its configuration is left to the kernel.
    static mqa_logits_info wanted(const workload& work, const device_info& device) {
        return {{.arch = device.arch}, work.what, {}};
    }
};

static_assert(operation<mqa_logits> && operation_concept::varies_rows<mqa_logits> &&
              operation_concept::refuses<mqa_logits>);

}  // namespace ops

/// A kernel of mqa_logits for a planner.
using mqa_logits_handle = kernel_handle<ops::mqa_logits>;

}  // namespace deepgemm
