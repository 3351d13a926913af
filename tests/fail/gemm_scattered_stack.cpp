// SPDX-License-Identifier: MIT
// A list names rows of one matrix; groups with slots have a matrix of D each.
// expect: gemm: gathered rows of A, and scattered rows of D, are those of one matrix and not of a stack
#include <deepgemm/epilogue/scatter.cuh>
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/schedule/grouped.cuh>

namespace dg = deepgemm;

using half = dg::operand<dg::bf16>;
constexpr dg::config tiles{.block = {128, 128, 64}, .sm90 = {.promote = dg::promotion::never}};
#ifdef CORRECT
using groups = dg::psum_groups;
#else
using groups = dg::masked_groups;
#endif
using kernel =
    dg::gemm<dg::arch::sm90, half, half, dg::scatter<dg::bf16>, tiles, dg::grouped<tiles.block, tiles.cluster, groups>>;
constexpr auto threads = kernel::launch.threads;
