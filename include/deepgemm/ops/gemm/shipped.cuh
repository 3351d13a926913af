// SPDX-License-Identifier: MIT
// All dense kernels that the named operations choose among. A program may instantiate lists of its own instead.
#pragma once

#include <deepgemm/ops/gemm/shipped_epilogues.cuh>
#include <deepgemm/ops/gemm/shipped_fp8.cuh>
#include <deepgemm/ops/gemm/shipped_half.cuh>
#include <deepgemm/ops/gemm/shipped_rows.cuh>

namespace deepgemm::shipped {

/// One list of all dense kernels, none of them instantiated.
template <class = void>
DEEPGEMM_BOTH constexpr auto dense() {
    return shipped::sum_of(fp8_dense(), fp8_rows(), bf16_dense(), f16_dense(), dense_epilogues());
}

template <class O>
    requires(same_as<O, ops::gemm>)
DEEPGEMM_BOTH constexpr auto all_of() { return dense(); }

}  // namespace deepgemm::shipped
