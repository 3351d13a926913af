// SPDX-License-Identifier: MIT
// Groups along K end inside of K blocks.
// expect: gemm: groups along K are multiplied on Hopper only
#include <deepgemm/kernel/sm100_gemm.cuh>
#include <deepgemm/schedule/grouped.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>,
                        dg::config{.block = {128, 64, 64}}>;
#else
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16, dg::scale::none, dg::major::mn>,
                        dg::operand<dg::bf16, dg::scale::none, dg::major::mn>, dg::add_in_place,
                        dg::config{.block = {128, 64, 64}},
                        dg::grouped<dg::tile_shape{128, 64, 64}, dg::cluster_shape{1, 1}, dg::k_groups>>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
