// SPDX-License-Identifier: MIT
// The dense GEMMs that `deepgemm bench --sim` chooses among: a few of the shipped kinds of kernel, with tiles so small that the
// simulator finishes a product in a second. Lists of types; CMake compiles them for the simulator.
#pragma once

#include <deepgemm/ops/gemm/shipped_fp8.cuh>
#include <deepgemm/ops/gemm/shipped_half.cuh>
#include <deepgemm/ops/gemm/shipped_rows.cuh>

namespace deepgemm::bench {

using simulated_fp8 =
    shipped::kernels<shipped::weights_kernel<scale::fp32, store<bf16>, shipped::few(8, 64, 4)>,
                     shipped::weights_kernel<scale::fp32, store<bf16>, shipped::narrow(64, 64, promotion::deferred)>,
                     shipped::weights_kernel<scale::fp32, store<bf16>, shipped::medium(64, shipped::pair_m)>,
                     shipped::tokens_kernel<scale::fp32, store<bf16>, shipped::narrow(64, 64)>,
                     shipped::tokens_kernel<scale::fp32, add_in_place, shipped::lean(shipped::narrow(64, 64), 32)>>;

using simulated_rows = shipped::kernels<shipped::rows_kernel<store<bf16>, shipped::unpromoted(shipped::few(8, 64, 4))>,
                                        shipped::rows_kernel<store<bf16>, shipped::tile8(64, 64, 1)>>;

using simulated_half =
    shipped::join<shipped::half_kernels<bf16, major::k, major::k, store<bf16>, shipped::tile16(64, 64, 1),
                                        shipped::split16(64, 32, 2), shipped::turns16(64, 64)>::type,
                  shipped::half_kernels<bf16, major::k, major::mn, store<bf16>, shipped::tile16(64, 64, 1)>::type,
                  shipped::half_kernels<bf16, major::mn, major::mn, store<bf16>, shipped::tile16(64, 64, 1)>::type,
                  shipped::half_kernels<f16, major::k, major::k, store<f16>, shipped::tile16(64, 64, 1)>::type>::type;

/// All of them.
using simulated_gemm = shipped::join<simulated_fp8, simulated_rows, simulated_half>::type;

}  // namespace deepgemm::bench
