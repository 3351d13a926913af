// SPDX-License-Identifier: MIT
// Workloads and kernels of paged_mqa_logits as text.
#pragma once

#include <string>

#include <deepgemm/host/print.hpp>
#include <deepgemm/ops/paged_mqa_logits/cost.hpp>

namespace deepgemm {

/// A workload in a few words.
inline std::string describe(const paged_mqa_logits_workload& work) {
    const auto& [scores, logits, form] = work.what.stored;
    return concat(work.queries, " queries, ", work.next_n, " a request, of ", scores.heads, " heads of ", scores.depth,
                  ", ", work.columns, " columns, pages of ", work.what.block, ", weights ", scores.weights, ", ",
                  name_of(form), " logits ", logits);
}

/// A kernel as a C++ type of ops/paged_mqa_logits/shipped.cuh.
inline std::string source_of(const paged_mqa_logits_info& info) {
    return concat("shipped::paged_mqa_logits_kernel<", to_source(info.traits), ", ", to_source(info.cfg), ">");
}

}  // namespace deepgemm
