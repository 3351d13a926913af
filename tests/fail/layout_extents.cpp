// SPDX-License-Identifier: MIT
// A layout knows its size at compile time.
// expect: has_extents
#include <deepgemm/layout/layout.cuh>

using namespace deepgemm;

// [example]
/// A part of the user's own that works with any layout.
template <layout Tile>
struct cleared {
    static constexpr u32 words = Tile::bytes / 4;
};

struct column_major {
    static constexpr int rows = 64, columns = 16;
#ifdef CORRECT
    static constexpr u32 bytes = rows * columns;
#endif
    DEEPGEMM_BOTH static constexpr u32 offset(int row, int column) { return u32(row + column * rows); }
};
constexpr u32 words = cleared<column_major>::words;
// [example]
