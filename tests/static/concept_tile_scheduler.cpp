// SPDX-License-Identifier: MIT
// Truth table of tile_scheduler: what models it, and near misses that each lack one thing. docs/concepts/tile_scheduler.md
// shows the table.
#include <deepgemm/schedule/persistent.cuh>

using namespace deepgemm;

namespace {

struct steps {
    i32 index;
    tile_coord operator*() const { return {index, 0}; }
    void operator++() { ++index; }
    bool operator!=(steps other) const { return index != other.index; }
};
template <class Iterator>
struct walk {
    Iterator begin() const { return {}; }
    Iterator end() const { return {}; }
    i32 k_blocks() const { return 1; }
};
using whole = walk<steps>;

// Each hides one member of the whole, or has another in its place.
struct no_begin : whole {
private:
    using whole::begin;
};
struct no_end : whole {
private:
    using whole::end;
};
struct no_blocks : whole {
private:
    using whole::k_blocks;
};
struct long_blocks : whole {
    i64 k_blocks() const { return 1; }
};
struct numbers : steps {
    i32 operator*() const { return index; }
};
struct stuck : steps {
    void operator++() = delete;
};
struct never_ends : steps {
    bool operator!=(never_ends) const = delete;
};

// [table]
//            type                                                          what it lacks
static_assert(tile_scheduler<persistent<tile_shape{}, cluster_shape{}, 8>>);
static_assert(tile_scheduler<persistent<tile_shape{192, 128, 128}, cluster_shape{2, 1}, 4>>);
static_assert(tile_scheduler<whole>);
static_assert(!tile_scheduler<no_begin>);           // iterates: begin
static_assert(!tile_scheduler<no_end>);             // iterates: end
static_assert(!tile_scheduler<walk<numbers>>);      // iterates: a tile is a tile_coord
static_assert(!tile_scheduler<walk<tile_coord*>>);  // iterates: a tile_coord by value
static_assert(!tile_scheduler<walk<stuck>>);        // iterates: ++
static_assert(!tile_scheduler<walk<never_ends>>);   // iterates: !=
static_assert(!tile_scheduler<no_blocks>);          // counts_blocks: k_blocks
static_assert(!tile_scheduler<long_blocks>);        // counts_blocks: an i32
static_assert(!tile_scheduler<banded_raster>);      // an order is no schedule
// [table]

}  // namespace
