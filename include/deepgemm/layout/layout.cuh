// SPDX-License-Identifier: MIT
// What a layout is: where each element of a tile lies, as arithmetic at compile time. Models are in smem_tile.cuh and
// operand_tile.cuh. No memory is touched here; ptx/ moves bytes, and mma/ describes tiles to the tensor cores.
#pragma once

#include <deepgemm/core/traits.cuh>
#include <deepgemm/core/types.cuh>

namespace deepgemm {

namespace layout_concept {
/// Knows its extents and its size in bytes at compile time.
template <class L>
concept has_extents = requires {
    { L::rows } -> converts_to<int>;
    { L::columns } -> converts_to<int>;
    { L::bytes } -> converts_to<u32>;
};
/// Maps (row, column) to a byte offset.
template <class L>
concept maps_coordinates = requires(int row, int column) {
    { L::offset(row, column) } -> same_as<u32>;
};
}  // namespace layout_concept

/// Where each element of a tile lies.
/// Satisfied by: constants `rows`, `columns` and `bytes`; `offset(row, column)` in bytes.
template <class L>
concept layout = layout_concept::has_extents<L> && layout_concept::maps_coordinates<L>;

}  // namespace deepgemm
