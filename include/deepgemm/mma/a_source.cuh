// SPDX-License-Identifier: MIT
// What a source of A is: how the rows of A get from a stage to the multiply. A descriptor lets the tensor cores read shared
// memory; other sources load A into registers, and may convert it on the way. The sources of sm90 are in
// mma/sm90/a_sources.cuh.
#pragma once

#include <deepgemm/core/traits.cuh>
#include <deepgemm/core/types.cuh>

namespace deepgemm {

namespace a_source_concept {
/// Names the tile that TMA writes, the element type that is multiplied, and the argument type of the multiply.
template <class S>
concept names_types = requires {
    typename S::tile;
    typename S::element;
    typename S::fragment;
};
/// Says whether the multiply reads registers of the thread until it ends.
template <class S>
concept says_holds = requires {
    { S::holds_registers } -> converts_to<bool>;
};
/// Starts from the shared address of the tile in stage 0 and the warpgroup's first row in it.
template <class S>
concept begins = requires(u32 address, int first_row) {
    { S::at(address, first_row) } -> same_as<S>;
};
/// Gives 64 rows, from row `row` of the warpgroup on, of the tile that lies `offset` bytes after the one in stage 0.
template <class S>
concept loads = requires(const S& source, u32 offset, int row) {
    { source.load(offset, row) } -> same_as<typename S::fragment>;
};
}  // namespace a_source_concept

/// Gives the rows of A of one warpgroup to its multiplies: one fragment for each K block and 64 rows.
/// Satisfied by: types `tile`, `element` and `fragment`; `holds_registers`; `at(address, first_row)` and `load(offset, row)`.
template <class S>
concept a_source = a_source_concept::names_types<S> && a_source_concept::says_holds<S> && a_source_concept::begins<S> &&
    a_source_concept::loads<S>;

}  // namespace deepgemm
