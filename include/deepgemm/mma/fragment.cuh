// SPDX-License-Identifier: MIT
// Which thread holds which element of a result: the concept fragment_map, and the calling thread's place under a map. A
// fragment is the part of a result that 128 threads hold in registers: a fixed number of rows, and any number of columns. The
// maps of sm90 and sm100 are in mma/sm90/fragment.cuh and mma/sm100/fragment.cuh. All code that needs an element's place asks
// the map.
#pragma once

#include <deepgemm/ptx/thread.cuh>

namespace deepgemm {

namespace fragment_concept {
/// Says how many rows 128 threads hold, how many one warp holds, and how many neighbouring columns are in neighbouring
/// registers of one thread.
template <class F>
concept has_extents = requires {
    { F::rows } -> converts_to<int>;
    { F::warp_rows } -> converts_to<int>;
    { F::columns_at_once } -> converts_to<int>;
};
/// Gives the row and the column of register `i` of a thread.
template <class F>
concept maps_registers = requires(int thread, int i) {
    { F::row(thread, i) } -> same_as<int>;
    { F::column(thread, i) } -> same_as<int>;
};
}  // namespace fragment_concept

/// Which element of a fragment each register of 128 threads holds. Each element is in exactly one register. Register i lies as
/// many rows and columns from register 0 in every thread. Warp w holds rows w * warp_rows and following.
/// Satisfied by: `rows`, `warp_rows` and `columns_at_once`; `row(thread, i)` and `column(thread, i)`.
template <class F>
concept fragment_map = fragment_concept::has_extents<F> && fragment_concept::maps_registers<F>;

/// Columns of a fragment that a thread can hold at once: the member `columns_at_hand` of a map if it has one, else all of a
/// tile.
template <fragment_map Map>
inline constexpr int columns_at_hand = 256;
template <fragment_map Map>
    requires requires { Map::columns_at_hand; }
inline constexpr int columns_at_hand<Map> = Map::columns_at_hand;

/// Registers in which one thread holds its share of `columns` columns.
template <fragment_map Map>
DEEPGEMM_BOTH constexpr int fragment_registers(int columns) {
    return Map::rows * columns / 128;
}

/// The calling thread's place in fragments of `Map`; computed once per role.
template <fragment_map Map>
struct fragment_place {
    int row, column;  ///< of register 0

    /// The place of thread `thread` of 128.
    DEEPGEMM_BOTH static constexpr fragment_place of(int thread) {
        return {Map::row(thread, 0), Map::column(thread, 0)};
    }
    /// The calling thread's place; warpgroups are aligned groups of 128 threads.
    DEEPGEMM_DEVICE static fragment_place here() { return of(int(ptx::thread_index() % 128)); }

    /// The same place in a part of the fragment, `part` rows high (those of a warp, or all), that starts at (first_row,
    /// first_column) of a matrix.
    DEEPGEMM_BOTH constexpr fragment_place in(int part, int first_row, int first_column) const {
        return {first_row + row % part, first_column + column};
    }

    /// Row and column of register `i`, at a constant distance from those of register 0.
    DEEPGEMM_BOTH constexpr int row_of(int i) const { return row + Map::row(0, i); }
    DEEPGEMM_BOTH constexpr int column_of(int i) const { return column + Map::column(0, i); }
};

/// True if `Map` keeps the promises of fragment_map for fragments of `Columns` columns. Use it in a static_assert beside your
/// own map.
template <fragment_map Map, int Columns>
DEEPGEMM_BOTH constexpr bool keeps_fragment_promises() {
    bool owned[Map::rows][Columns] = {};
    for (int thread = 0; thread < 128; ++thread) {
        const auto place = fragment_place<Map>::of(thread);
        for (int i = 0; i < fragment_registers<Map>(Columns); ++i) {
            const int row = Map::row(thread, i), column = Map::column(thread, i);
            if (row < 0 || row >= Map::rows || column < 0 || column >= Columns || owned[row][column]) return false;
            owned[row][column] = true;
            if (row / Map::warp_rows != thread / 32) return false;
            if (row != place.row_of(i) || column != place.column_of(i)) return false;
            const int within = i % Map::columns_at_once;
            if (row != Map::row(thread, i - within) || column != Map::column(thread, i - within) + within) return false;
        }
    }
    return Map::rows * Columns % 128 == 0;  // registers and elements are equally many, so no element is left out
}

}  // namespace deepgemm
