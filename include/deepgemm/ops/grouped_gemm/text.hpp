// SPDX-License-Identifier: MIT
// Grouped GEMMs in words. Their kernels as C++ types are those of ops/gemm/text.hpp, with a schedule.
#pragma once

#include <string>

#include <deepgemm/ops/gemm/text.hpp>
#include <deepgemm/ops/grouped_gemm/problem.hpp>

namespace deepgemm {

/// A workload in a few words.
inline std::string describe(const grouped_workload& work) {
    return concat(work.groups, work.groups == 1 ? " group of up to " : " groups of up to ", work.shape.m,
                  " rows, usually ", work.expected_rows, ", n = ", work.shape.n, ", k = ", work.shape.k, ", A ",
                  describe(work.a, "M"), ", B ", describe(work.b, "N"), ", D ", work.d, describe(work.epilogue));
}

}  // namespace deepgemm
