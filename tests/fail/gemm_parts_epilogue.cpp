// SPDX-License-Identifier: MIT
// Each part of K has a result of its own, and only sums of these mean something.
// expect: gemm: the results of parts of K are added later, so their epilogue must be store<...> or store_heads<...> alone
#include <deepgemm/epilogue/activation.cuh>
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/schedule/grouped.cuh>

namespace dg = deepgemm;

using half = dg::operand<dg::bf16>;
constexpr dg::config tiles{.block = {128, 128, 64}, .sm90 = {.promote = dg::promotion::never}};
using parts = dg::grouped<tiles.block, tiles.cluster, dg::k_parts>;
#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm90, half, half, dg::store<float>, tiles, parts>;
#else
using kernel = dg::gemm<dg::arch::sm90, half, half, dg::then<dg::relu, dg::store<float>>, tiles, parts>;
#endif
constexpr auto threads = kernel::launch.threads;
