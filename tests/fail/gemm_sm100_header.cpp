// SPDX-License-Identifier: MIT
// The kernel of Blackwell stands in a header of its own, without which the general template would be Hopper's.
// expect: gemm: kernels for arch::sm100 need the header deepgemm/kernel/sm100_gemm.cuh
#include <deepgemm/kernel/gemm.cuh>
#ifdef CORRECT
#include <deepgemm/kernel/sm100_gemm.cuh>
#endif

namespace dg = deepgemm;

using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 128, 64}}>;
constexpr auto size = kernel::launch.smem_bytes;
