// SPDX-License-Identifier: MIT
// A fragment map must give the row and the column of every register.
// expect: maps_registers
#include <deepgemm/mma/fragment.cuh>

using namespace deepgemm;

// [example]
/// A part of the user's own that works with any fragment.
template <fragment_map Map>
constexpr int row_elements = fragment_registers<Map>(Map::columns_at_once);

struct by_row {
    static constexpr int rows = 128, warp_rows = 32, columns_at_once = 32;
    DEEPGEMM_BOTH static constexpr int row(int thread, int) { return thread; }
#ifdef CORRECT
    DEEPGEMM_BOTH static constexpr int column(int, int i) { return i; }
#endif
};
constexpr int elements = row_elements<by_row>;
// [example]
