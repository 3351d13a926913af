// SPDX-License-Identifier: MIT
// Multiplies of integers, which B200 has and its family has not.
#include <deepgemm/ptx/tcgen05.cuh>

using namespace deepgemm;

extern "C" __global__ void i8_1(u64 a, u64 b, u32 d, u32 instruction) {
#if defined(__CUDA_ARCH_FEAT_SM100_ALL)
    ptx::tcgen05_mma<1, ptx::tcgen05_kind::i8>(d, a, b, instruction, true);
    ptx::tcgen05_mma_tensor_a<1, ptx::tcgen05_kind::i8>(d, d + 64, b, instruction, false);
    ptx::tcgen05_mma_ws<ptx::tcgen05_kind::i8>(d, a, b, instruction, false);
    ptx::tcgen05_mma_ws_tensor_a<ptx::tcgen05_kind::i8>(d, d + 64, b, instruction, false);
#endif
}

extern "C" __global__ void i8_2(u64 a, u64 b, u32 d, u32 instruction) {
#if defined(__CUDA_ARCH_FEAT_SM100_ALL)
    ptx::tcgen05_mma<2, ptx::tcgen05_kind::i8>(d, a, b, instruction, true);
    ptx::tcgen05_mma_tensor_a<2, ptx::tcgen05_kind::i8>(d, d + 64, b, instruction, false);
#endif
}
