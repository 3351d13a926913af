// SPDX-License-Identifier: MIT
// Hopper has no cluster launch control.
// expect: gemm: tiles are claimed on Blackwell only: Hopper has no cluster launch control
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

constexpr dg::config configured{.block = {64, 32, 64}, .sm90 = {.warpgroups = 1, .promote = dg::promotion::never}};
#ifdef CORRECT
using tiles = dg::default_tiles<configured>;
#else
using tiles = dg::claimed<dg::default_tiles<configured>>;
#endif
using kernel =
    dg::gemm<dg::arch::sm90, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>, configured, tiles>;
constexpr auto size = kernel::launch.smem_bytes;
