// SPDX-License-Identifier: MIT
// Runs FP8 products by the named function of the order of their operands.
#pragma once

#include "gemm_sample.hpp"

namespace deepgemm::test {

/// Runs an FP8 product (m,k) x (n,k) through the function whose name says how its operands are stored.
template <class Engine>
result<void> run_in_layout(const Engine& engine, const gemm_problem& p, gemm_options options) {
    options.c = p.c;
    options.epilogue = p.epilogue;
    options.promoted = p.promoted;
    const bool a_turned = p.a.matrix.column_stride != 1, b_turned = p.b.matrix.column_stride != 1;
    if (a_turned && b_turned) return fp8_gemm_tn(engine, transposed(p.a), transposed(p.b), p.d, options);
    if (a_turned) return fp8_gemm_tt(engine, transposed(p.a), p.b, p.d, options);
    if (b_turned) return fp8_gemm_nn(engine, p.a, transposed(p.b), p.d, options);
    return fp8_gemm_nt(engine, p.a, p.b, p.d, options);
}

}  // namespace deepgemm::test
