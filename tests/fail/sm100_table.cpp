// SPDX-License-Identifier: MIT
// Tall tiles by the group of each row find all groups at the start of the kernel.
// expect: gemm: tiles are looked up in a table on Hopper only
#include <deepgemm/kernel/sm100_gemm.cuh>
#include <deepgemm/schedule/indexed.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using tiles = dg::grouped<dg::tile_shape{128, 64, 64}, dg::cluster_shape{1, 1}, dg::listed_groups>;
#else
using tiles = dg::indexed<dg::tile_shape{128, 64, 64}, dg::cluster_shape{1, 1}, 8>;
#endif
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}}, tiles>;
constexpr auto size = kernel::launch.smem_bytes;
