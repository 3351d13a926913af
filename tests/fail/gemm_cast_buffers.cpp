// SPDX-License-Identifier: MIT
// The columns under one scale of a D in FP8 leave together, so one batch of staging buffers must hold them.
// expect: gemm: the columns of D under one scale are stored at once: store_columns and store_buffers must hold them, as they do if they are 0
#include <deepgemm/epilogue/cast.cuh>
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using half = dg::operand<dg::bf16>;
#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm90, half, half, dg::cast_to_fp8<>,
                        dg::config{.block = {128, 128, 64}, .sm90 = {.promote = dg::promotion::never}}>;
#else
using kernel = dg::gemm<
    dg::arch::sm90, half, half, dg::cast_to_fp8<>,
    dg::config{
        .block = {128, 128, 64}, .store_columns = 64, .store_buffers = 1, .sm90 = {.promote = dg::promotion::never}}>;
#endif
constexpr auto threads = kernel::launch.threads;
