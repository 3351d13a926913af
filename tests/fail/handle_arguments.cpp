// SPDX-License-Identifier: MIT
// A planner can launch only kernels that take the arguments of its operation.
// expect host: handle_of: no planner knows this kernel; it must name its operation, K::info describe it with
#include <deepgemm/host/sim_launch.hpp>
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/ops/gemm/operation.hpp>
#include <deepgemm/scale/to_mn_major.cuh>

using namespace deepgemm;

#ifdef CORRECT
using kernel_type = gemm<arch::sm90, operand<e4m3, scale::per_token<scale::fp32>>,
                         operand<e4m3, scale::per_block<scale::fp32>>, store<bf16>, config{}>;
#else
using kernel_type = scale::to_mn_major<scale::fp32>;
#endif
constexpr auto handle = sim::handle_of<kernel_type>();
