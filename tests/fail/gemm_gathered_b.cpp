// SPDX-License-Identifier: MIT
// Only the stream of A has warps that gather.
// expect: gemm: rows of A may be gathered, those of B may not
#include <deepgemm/epilogue/scatter.cuh>
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/schedule/grouped.cuh>

namespace dg = deepgemm;

using rows = dg::gathered<dg::operand<dg::bf16>>;
constexpr dg::config tiles{.block = {128, 128, 64}, .sm90 = {.promote = dg::promotion::never}};
#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm90, rows, dg::operand<dg::bf16>, dg::store<dg::bf16>, tiles>;
#else
using kernel = dg::gemm<dg::arch::sm90, dg::operand<dg::bf16>, rows, dg::store<dg::bf16>, tiles>;
#endif
constexpr auto threads = kernel::launch.threads;
