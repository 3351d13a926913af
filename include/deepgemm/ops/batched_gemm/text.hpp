// SPDX-License-Identifier: MIT
// Batches in words. Their kernels as C++ types are those of ops/gemm/text.hpp, with a schedule.
#pragma once

#include <string>

#include <deepgemm/ops/batched_gemm/problem.hpp>
#include <deepgemm/ops/gemm/text.hpp>

namespace deepgemm {

/// A workload in a few words.
inline std::string describe(const batched_workload& work) {
    return concat(work.sum ? "the sum of " : "", work.count, work.count == 1 ? " product of " : " products of ",
                  describe(work.one));
}

}  // namespace deepgemm
