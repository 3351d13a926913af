// SPDX-License-Identifier: MIT
// Truth table of layout: what models it, and near misses that each lack one thing. docs/concepts/layout.md shows the table.
#include <deepgemm/layout/smem_tile.cuh>

namespace concept_layout_tests {

using namespace deepgemm;

namespace {

struct whole {
    static constexpr int rows = 8, columns = 8;
    static constexpr u32 bytes = 64;
    static constexpr u32 offset(int row, int column) { return u32(row + 8 * column); }
};
// Each hides one member of `whole`, or has another in its place.
struct no_rows : whole {
private:
    using whole::rows;
};
struct no_columns : whole {
private:
    using whole::columns;
};
struct no_bytes : whole {
private:
    using whole::bytes;
};
struct bytes_at_run_time : whole {
    u32 bytes() const { return 64; }
};
struct no_offset : whole {
private:
    using whole::offset;
};
struct wide_offset : whole {
    static constexpr i64 offset(int row, int column) { return row + 8 * column; }
};
struct offset_of_one : whole {
    static constexpr u32 offset(int index) { return u32(index); }
};

// [table]
//            type                               what it lacks
static_assert(layout<smem_tile<e4m3, 128, 128>>);
static_assert(layout<smem_tile<bf16, 64, 64>>);
static_assert(layout<smem_tile<float, 8, 4>>);
static_assert(layout<whole>);
static_assert(!layout<no_rows>);            // has_extents: rows
static_assert(!layout<no_columns>);         // has_extents: columns
static_assert(!layout<no_bytes>);           // has_extents: bytes
static_assert(!layout<bytes_at_run_time>);  // has_extents: bytes is a function
static_assert(!layout<no_offset>);          // maps_coordinates: offset
static_assert(!layout<wide_offset>);        // maps_coordinates: an offset is a u32
static_assert(!layout<offset_of_one>);      // maps_coordinates: a row and a column
static_assert(!layout<strided<float>>);     // has_extents: its extents are known at run time only
static_assert(!layout<float>);
// [table]

}  // namespace

}  // namespace concept_layout_tests
