// SPDX-License-Identifier: MIT
// A layout of one's own; docs/concepts/layout.md shows this.
#include <doctest/doctest.h>
#include <deepgemm/layout/layout.cuh>

#include <vector>

namespace own_layout_tests {

namespace dg = deepgemm;
using dg::u32;

namespace {

// [layout]
/// A tile whose rows are a little longer than their elements, so that a column, too, hits different banks without a swizzle.
template <class T, int Rows, int Columns, int Padding = 4 / sizeof(T)>
struct padded_tile {
    using element = T;
    static constexpr int rows = Rows, columns = Columns;
    static constexpr u32 row_bytes = u32(sizeof(T)) * (Columns + Padding);
    static constexpr u32 bytes = Rows * row_bytes;
    DEEPGEMM_BOTH static constexpr u32 offset(int row, int column) {
        return u32(row) * row_bytes + u32(column) * u32(sizeof(T));
    }
};
static_assert(dg::layout<padded_tile<float, 32, 32>>);
// [layout]

// [use]
/// True if the elements of every column lie in different banks: works for any layout.
template <dg::layout Tile>
constexpr bool columns_are_free_of_conflicts() {
    for (int column = 0; column < Tile::columns; ++column) {
        u32 banks = 0;
        for (int row = 0; row < 32; ++row) banks |= 1u << Tile::offset(row, column) / 4 % 32;
        if (banks != 0xffffffff) return false;
    }
    return true;
}
static_assert(columns_are_free_of_conflicts<padded_tile<float, 32, 32>>());
static_assert(!columns_are_free_of_conflicts<padded_tile<float, 32, 32, 0>>());
// [use]

}  // namespace

TEST_CASE("a layout of one's own gives each element a place of its own") {
    using tile = padded_tile<float, 32, 32>;
    std::vector<bool> taken(tile::bytes);
    int clashes = 0;
    for (int row = 0; row < tile::rows; ++row) {
        for (int column = 0; column < tile::columns; ++column) {
            const u32 offset = tile::offset(row, column);
            REQUIRE(offset + sizeof(float) <= tile::bytes);
            clashes += taken[offset];
            taken[offset] = true;
        }
    }
    CHECK(clashes == 0);
}

}  // namespace own_layout_tests
