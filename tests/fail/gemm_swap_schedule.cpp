// SPDX-License-Identifier: MIT
// A user's own schedule walks the tiles of D as it is stored, and not those of the transposed product.
// expect: gemm: config.swap is for the default schedule
#include <deepgemm/kernel/swapped.cuh>

namespace dg = deepgemm;

using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
constexpr dg::config few{.block = {8, 64, 128}, .swap = true, .sm90 = {.warpgroups = 1}};
#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, few>;
#else
using kernel =
    dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, few, dg::persistent<few.block, dg::cluster_shape{}, 4>>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
