// SPDX-License-Identifier: MIT
// How A gets from a stage to the multiply: the concept a_source. A descriptor lets the tensor cores read shared memory
// themselves; a source of another kind brings A to registers, and may turn what TMA has left there into what is multiplied. The
// sources of sm90 are in mma/sm90/a_sources.cuh.
#pragma once

#include <deepgemm/core/traits.cuh>
#include <deepgemm/core/types.cuh>

namespace deepgemm {

namespace a_source_concept {
/// Names the tile that TMA leaves, the element that is multiplied, and what the multiply takes.
template <class S>
concept names_types = requires {
    typename S::tile;
    typename S::element;
    typename S::fragment;
};
/// Says whether the multiply reads registers of the thread until it is done.
template <class S>
concept says_holds = requires {
    { S::holds_registers } -> converts_to<bool>;
};
/// Begins at a warpgroup's first row in the tile of stage 0, which lies at a shared address.
template <class S>
concept begins = requires(u32 address, int first_row) {
    { S::at(address, first_row) } -> same_as<S>;
};
/// Hands out the 64 rows from some row of the warpgroup's on, of the tile that lies some bytes behind that of stage 0.
template <class S>
concept loads = requires(const S& source, u32 offset, int row) {
    { source.load(offset, row) } -> same_as<typename S::fragment>;
};
}  // namespace a_source_concept

/// Hands the rows of A of one warpgroup to its multiplies, one fragment for each K block and 64 rows.
template <class S>
concept a_source = a_source_concept::names_types<S> && a_source_concept::says_holds<S> && a_source_concept::begins<S> &&
    a_source_concept::loads<S>;

}  // namespace deepgemm
