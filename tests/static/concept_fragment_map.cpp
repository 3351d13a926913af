// SPDX-License-Identifier: MIT
// Truth table of fragment_map: what models it, and near misses that each lack one thing; and what the maps of the library
// promise beyond it. docs/concepts/fragment_map.md shows the table. tests/sim holds the maps against the simulated tensor
// cores.
#include <deepgemm/mma/sm100/fragment.cuh>
#include <deepgemm/mma/sm90/fragment.cuh>

namespace concept_fragment_map_tests {

using namespace deepgemm;

namespace {

struct whole {
    static constexpr int rows = 128, warp_rows = 32, columns_at_once = 1;
    static constexpr int row(int thread, int) { return thread; }
    static constexpr int column(int, int i) { return i; }
};
// Each hides one member of `whole`, or has another in its place.
struct no_rows : whole {
private:
    using whole::rows;
};
struct no_warp_rows : whole {
private:
    using whole::warp_rows;
};
struct no_columns_at_once : whole {
private:
    using whole::columns_at_once;
};
struct no_row : whole {
private:
    using whole::row;
};
struct row_of_thread : whole {
    static constexpr int row(int thread) { return thread; }
};
struct no_column : whole {
private:
    using whole::column;
};
struct wide_column : whole {
    static constexpr i64 column(int, int i) { return i; }
};

// [table]
//            type                                   what it lacks
static_assert(fragment_map<sm90::wgmma_rows>);
static_assert(fragment_map<sm100::lane_rows>);
static_assert(fragment_map<whole>);
static_assert(!fragment_map<no_rows>);             // has_extents: rows
static_assert(!fragment_map<no_warp_rows>);        // has_extents: warp_rows
static_assert(!fragment_map<no_columns_at_once>);  // has_extents: columns_at_once
static_assert(!fragment_map<no_row>);              // maps_registers: row
static_assert(!fragment_map<row_of_thread>);       // maps_registers: of a thread and a register
static_assert(!fragment_map<no_column>);           // maps_registers: column
static_assert(!fragment_map<wide_column>);         // maps_registers: a column is an int
static_assert(!fragment_map<float>);
// [table]

// [promises]
static_assert(keeps_fragment_promises<sm90::wgmma_rows, 8>() && keeps_fragment_promises<sm90::wgmma_rows, 256>());
static_assert(keeps_fragment_promises<sm100::lane_rows, 32>() && keeps_fragment_promises<sm100::lane_rows, 256>());
// [promises]

// Maps that break one promise each.
struct overlapping : sm90::wgmma_rows {  // two threads hold the same element
    static constexpr int column(int, int i) { return i / 4 * 8 + i % 2; }
};
struct other_warps : sm90::wgmma_rows {  // warps hold each other's rows
    static constexpr int row(int thread, int i) { return 63 - sm90::wgmma_rows::row(thread, i); }
};
struct turning : sm100::lane_rows {  // registers are not equally far from register 0 in all threads
    static constexpr int column(int thread, int i) { return (i + thread) % 32; }
};
struct apart : sm90::wgmma_rows {  // neighbouring registers do not hold neighbours
    static constexpr int columns_at_once = 4;
};
static_assert(!keeps_fragment_promises<overlapping, 8>());
static_assert(!keeps_fragment_promises<other_warps, 8>());
static_assert(!keeps_fragment_promises<turning, 32>());
static_assert(!keeps_fragment_promises<apart, 8>());
static_assert(!keeps_fragment_promises<sm90::wgmma_rows, 9>());  // no whole share of nine columns for each thread

// The map of the PTX ISA ("Register Fragments for wgmma.mma_async"), written out for some registers.
static_assert(sm90::wgmma_rows::row(0, 0) == 0 && sm90::wgmma_rows::column(0, 0) == 0);
static_assert(sm90::wgmma_rows::row(37, 6) == 16 + 1 + 8 && sm90::wgmma_rows::column(37, 6) == 8 + 2);
static_assert(sm90::wgmma_rows::row(127, 127) == 63 && sm90::wgmma_rows::column(127, 127) == 255);
static_assert(sm90::wgmma_rows::thread_row(1) == 8 && sm90::wgmma_rows::thread_column(3) == 9);

}  // namespace

}  // namespace concept_fragment_map_tests
