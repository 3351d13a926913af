// SPDX-License-Identifier: MIT
// A schedule of one's own says itself whether it claims tiles.
// expect: gemm: sm100.tiles must be tile_source::claimed if the schedule claims tiles, and only then: the default schedule does as it says, one of your own says it itself
#include <deepgemm/kernel/sm100_gemm.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
constexpr dg::config configured{.block = {128, 64, 64}, .sm100 = {.tiles = dg::tile_source::claimed}};
#else
constexpr dg::config configured{.block = {128, 64, 64}};
#endif
using kernel = dg::gemm<dg::arch::sm100, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>, configured,
                        dg::claimed<dg::persistent<dg::tile_shape{128, 64, 64}, dg::cluster_shape{}, 4>>>;
constexpr auto size = kernel::launch.smem_bytes;
