// SPDX-License-Identifier: MIT
// A tile's row is one swizzle span.
// expect: a shared-memory tile has rows of 16, 32, 64 or 128 bytes
#include <deepgemm/layout/smem_tile.cuh>

#ifdef CORRECT
using tile = deepgemm::smem_tile<deepgemm::bf16, 64, 64>;
#else
using tile = deepgemm::smem_tile<deepgemm::bf16, 64, 96>;
#endif
constexpr auto size = tile::bytes;
