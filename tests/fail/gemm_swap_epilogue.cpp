// SPDX-License-Identifier: MIT
// With operands exchanged D is stored transposed. Only store and accumulate can do that; head splits and steps cannot.
// expect: gemm: config.swap takes store<...> or accumulate<...> alone
#include <deepgemm/kernel/swapped.cuh>

namespace dg = deepgemm;

using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
constexpr dg::config few{.block = {8, 64, 128}, .swap = true, .sm90 = {.warpgroups = 1}};
#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, few>;
#else
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store_heads<dg::bf16, 64, 64, 64>, few>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
