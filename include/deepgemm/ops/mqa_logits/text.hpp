// SPDX-License-Identifier: MIT
// Workloads and kernels of mqa_logits as text.
#pragma once

#include <string>

#include <deepgemm/host/print.hpp>
#include <deepgemm/ops/mqa_logits/cost.hpp>

namespace deepgemm {

/// A workload in a few words.
inline std::string describe(const mqa_logits_workload& work) {
    const auto& [scores, logits, form] = work.what;
    return concat(work.queries, " queries of ", scores.heads, " heads of ", scores.depth, ", ", work.keys,
                  " keys, weights ", scores.weights, ", ", name_of(form), " logits ", logits);
}

/// A kernel as a C++ type of ops/mqa_logits/shipped.cuh.
inline std::string source_of(const mqa_logits_info& info) {
    return concat("shipped::mqa_logits_kernel<", to_source(info.traits), ", ", to_source(info.cfg), ">");
}

}  // namespace deepgemm
