// SPDX-License-Identifier: MIT
// CTAs of a cluster along M would share tiles of B, but they may belong to different groups.
// expect: grouped: CTAs of a cluster must lie along N, since rows end where a group does
#include <deepgemm/schedule/grouped.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
constexpr dg::cluster_shape pair{1, 2};
#else
constexpr dg::cluster_shape pair{2, 1};
#endif
using tiles = dg::grouped<dg::tile_shape{128, 128, 128}, pair, dg::masked_groups>;
constexpr bool bounded = tiles::bounded;
