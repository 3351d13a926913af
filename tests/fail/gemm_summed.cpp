// SPDX-License-Identifier: MIT
// Totals of a sum over a batch are added up behind the kernel's epilogue, which therefore has no steps.
// expect: gemm: the sum of a batch has operands without scales, and an epilogue that is store<...> or add_in_place alone
#include <deepgemm/epilogue/activation.cuh>
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using half = dg::operand<dg::bf16>;
constexpr dg::config tiles{.block = {128, 128, 64}, .sm90 = {.promote = dg::promotion::never}};
#ifdef CORRECT
using sink = dg::store<dg::bf16>;
#else
using sink = dg::then<dg::relu, dg::store<dg::bf16>>;
#endif
using kernel = dg::gemm<dg::arch::sm90, half, half, sink, tiles, dg::summed<tiles.block>>;
constexpr auto threads = kernel::launch.threads;
