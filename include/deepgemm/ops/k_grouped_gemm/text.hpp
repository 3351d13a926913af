// SPDX-License-Identifier: MIT
// Products in groups of K in words. Their kernels as C++ types are those of ops/gemm/text.hpp, with a schedule.
#pragma once

#include <string>

#include <deepgemm/ops/gemm/text.hpp>
#include <deepgemm/ops/k_grouped_gemm/problem.hpp>

namespace deepgemm {

/// A workload in a few words.
inline std::string describe(const k_grouped_workload& work) {
    return concat(work.shape.k, " of K in ", work.groups, work.groups == 1 ? " group" : " groups",
                  work.concatenated ? ", concatenated" : "", ", m = ", work.shape.m, ", n = ", work.shape.n, ", A ",
                  describe(work.a, "M"), ", B ", describe(work.b, "N"), ", D ", work.d,
                  !work.accumulate ? ""
                  : work.in_place  ? " with C in place"
                                   : " with C");
}

}  // namespace deepgemm
