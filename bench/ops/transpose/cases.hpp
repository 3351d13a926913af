// SPDX-License-Identifier: MIT
// The transpositions that the benchmark times: matrices and stacks of weights.
#pragma once

#include <string>
#include <vector>

#include <deepgemm/ops/transpose/problem.hpp>

namespace deepgemm::bench {

/// Y = X^T of `matrices` matrices of (rows, columns) bytes.
struct transpose_case {
    int rows;
    int columns;
    int matrices = 1;

    bool is_fp8() const { return true; }
    /// Cases of one family share a result file.
    const char* family() const { return "transpose"; }
    const char* op() const { return "transpose"; }
    /// Results are exact.
    double tolerance() const { return 1e-30; }

    double flops() const { return 0; }
    /// Bytes that must move through memory.
    double bytes() const { return 2.0 * rows * columns * matrices; }
    /// Bytes of device memory that the tensors take, and those for the reference, which keeps nothing.
    double memory() const { return bytes(); }
    double checking_memory() const { return 0; }
    std::string name() const;
};

/// A case as the planner sees it.
transpose_workload workload_of(const transpose_case& c);

/// Operands of the FP8 suite, and a stack of experts' weights.
std::vector<transpose_case> suite_transpose();

/// "[B*]M,N:transpose". Throws std::invalid_argument if it is no such product.
transpose_case parse_transpose(const std::string& text);

}  // namespace deepgemm::bench
