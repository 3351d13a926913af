// SPDX-License-Identifier: MIT
// A swizzle repeats after eight rows, so a tile has a multiple of eight.
// expect: a shared-memory tile has whole groups of eight rows
#include <deepgemm/layout/smem_tile.cuh>

#ifdef CORRECT
using tile = deepgemm::smem_tile<deepgemm::bf16, 64, 64>;
#else
using tile = deepgemm::smem_tile<deepgemm::bf16, 60, 64>;
#endif
constexpr auto size = tile::bytes;
