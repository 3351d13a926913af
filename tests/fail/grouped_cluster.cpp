// SPDX-License-Identifier: MIT
// CTAs along M share tiles of B, which only those of one group may.
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
