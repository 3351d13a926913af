// SPDX-License-Identifier: MIT
// CTAs of a cluster along M would share tiles of B, but their rows may belong to different groups.
// expect: grouped: CTAs of a cluster must lie along N, since rows end where a group does
#include <deepgemm/schedule/indexed.cuh>

namespace dg = deepgemm;

#ifdef CORRECT
constexpr dg::cluster_shape pair{1, 2};
#else
constexpr dg::cluster_shape pair{2, 1};
#endif
using tiles = dg::indexed<dg::tile_shape{128, 128, 128}, pair, 8>;
constexpr bool bounded = tiles::bounded;
