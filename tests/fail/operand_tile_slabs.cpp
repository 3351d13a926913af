// SPDX-License-Identifier: MIT
// Slabs of 128 bytes of M or N, or of 64, are what TMA copies and wgmma reads.
// expect: operand_tile: an MN-major tile has whole slabs of 64 or of 128 bytes
#include <deepgemm/layout/operand_tile.cuh>

using namespace deepgemm;

#ifdef CORRECT
using tile = operand_tile<bf16, 96, 64, major::mn>;
#else
using tile = operand_tile<bf16, 80, 64, major::mn>;
#endif
constexpr auto size = tile::bytes;
