// SPDX-License-Identifier: MIT
// The contiguous grouped GEMMs that `deepgemm bench --sim` chooses among. Lists of types; CMake compiles them for the simulator.
#pragma once

#include <deepgemm/ops/contiguous_gemm/shipped.cuh>

namespace deepgemm::bench {

using simulated_contiguous_gemm = shipped::join<
    shipped::contiguous_fp8_kernels<scale::per_token<scale::fp32>, shipped::masked_few(64),
                                    shipped::masked_medium>::type,
    shipped::contiguous_bf16_kernels<major::k, shipped::tile16(64, 64, 1)>::type,
    shipped::contiguous_bf16_kernels<major::mn, shipped::tile16(64, 64, 1)>::type,
    shipped::kernels<shipped::by_end_kernel<shipped::gathered_kernels::tokens, shipped::gathered_kernels::blocks,
                                            store<bf16>, shipped::masked_few(64)>,
                     shipped::by_row_kernel<operand<bf16>, operand<bf16>, scatter<bf16>, shipped::tile16(64, 64, 1)>>>::
    type;

}  // namespace deepgemm::bench
