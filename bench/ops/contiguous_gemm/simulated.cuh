// SPDX-License-Identifier: MIT
// The contiguous grouped GEMMs that `deepgemm bench --sim` chooses among. Lists of types; CMake compiles them for the
// simulator.
#pragma once

#include <deepgemm/ops/contiguous_gemm/shipped.cuh>

namespace deepgemm::bench {

using simulated_contiguous_gemm = shipped::join<
    shipped::contiguous_fp8_kernels<scale::per_token<scale::fp32>, shipped::masked_few(64),
                                    shipped::masked_medium>::type,
    shipped::contiguous_bf16_kernels<major::k, shipped::tile16(64, 64, 1)>::type,
    shipped::contiguous_bf16_kernels<major::mn, shipped::tile16(64, 64, 1)>::type,
    shipped::by_end_kernels<shipped::gathered_tokens, shipped::by_block<scale::fp32>, store<bf16>,
                            shipped::masked_few(64)>::type,
    shipped::by_row_kernels<operand<bf16>, operand<bf16>, scatter<bf16>, shipped::tile16(64, 64, 1)>::type>::type;

}  // namespace deepgemm::bench
