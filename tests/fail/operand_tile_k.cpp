// SPDX-License-Identifier: MIT
// A row of an operand's tile is one swizzle span: 32, 64 or 128 bytes.
// expect: operand_tile: K must be 32, 64 or 128 bytes
#include <deepgemm/layout/operand_tile.cuh>

using namespace deepgemm;

#ifdef CORRECT
using tile = operand_tile<bf16, 64, 64>;
#else
using tile = operand_tile<bf16, 64, 128>;
#endif
constexpr auto size = tile::bytes;
