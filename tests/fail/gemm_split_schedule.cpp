// SPDX-License-Identifier: MIT
// A user's own schedule gives each CTA its own tiles; only the default schedule gives one tile to all parts of K.
// expect: gemm: split_k is for the default schedule, which gives all parts of a tile to one cluster
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
constexpr dg::config parts{.block = {64, 32, 128}, .split_k = 2, .sm90 = {.warpgroups = 1}};
#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, parts, dg::default_tiles<parts>>;
#else
using kernel =
    dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, parts, dg::persistent<parts.block, dg::cluster_shape{}, 8>>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
