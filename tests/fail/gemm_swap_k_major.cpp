// SPDX-License-Identifier: MIT
// A thread loads the K-major scales of its columns by itself, and has registers for those of at most 64 columns.
// expect: gemm: K-major scales of columns are for tiles of at most 64 columns
#include <deepgemm/kernel/swapped.cuh>

namespace dg = deepgemm;

using a = dg::operand<dg::e4m3, dg::scale::per_token_k_major<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
#ifdef CORRECT
constexpr dg::config few{.block = {64, 64, 128}, .swap = true, .sm90 = {.warpgroups = 1}};
#else
constexpr dg::config few{.block = {72, 64, 128}, .swap = true, .sm90 = {.warpgroups = 1}};
#endif
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, few>;
constexpr auto size = kernel::launch.smem_bytes;
