// SPDX-License-Identifier: MIT
// TMA copies and wgmma reads slabs of 128 or of 64 bytes of M or N, so an MN-major tile must consist of these.
// expect: operand_tile: an MN-major tile has whole slabs of 64 or of 128 bytes
#include <deepgemm/layout/operand_tile.cuh>

using namespace deepgemm;

#ifdef CORRECT
using tile = operand_tile<bf16, 96, 64, major::mn>;
#else
using tile = operand_tile<bf16, 80, 64, major::mn>;
#endif
constexpr auto size = tile::bytes;
