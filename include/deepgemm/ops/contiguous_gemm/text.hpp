// SPDX-License-Identifier: MIT
// Contiguous grouped GEMMs in words. Their kernels as C++ types are those of ops/gemm/text.hpp, with a schedule.
#pragma once

#include <string>

#include <deepgemm/ops/contiguous_gemm/problem.hpp>
#include <deepgemm/ops/gemm/text.hpp>

namespace deepgemm {

/// A workload in a few words.
inline std::string describe(const contiguous_workload& work) {
    return concat(work.shape.m, " rows in ", work.groups, work.groups == 1 ? " group by " : " groups by ",
                  work.by == grouping::psum ? "its end" : "row", ", usually ", work.expected_rows,
                  " each, n = ", work.shape.n, ", k = ", work.shape.k, ", A ", describe(work.a, "M"), ", B ",
                  describe(work.b, "N"), ", D ", work.d, work.scattered ? ", rows scattered" : "",
                  describe(work.epilogue));
}

}  // namespace deepgemm
