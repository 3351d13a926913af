// SPDX-License-Identifier: MIT
// Truth tables of tile_scheduler and gemm_scheduler: what models them, and near misses that each lack one thing.
// docs/concepts/tile_scheduler.md shows the tables.
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

struct launched : whole {
    static launched of(problem_shape) { return {}; }
    launched started(problem_shape, u32) const { return {}; }
    static i32 clusters(problem_shape) { return 1; }
};
struct no_making : launched {
    no_making started(problem_shape, u32) const { return {}; }

private:
    using launched::of;
};
struct makes_another : launched {  // of() gives a `launched`
    makes_another started(problem_shape, u32) const { return {}; }
};
struct no_start : launched {
    static no_start of(problem_shape) { return {}; }

private:
    using launched::started;
};
struct starts_another : launched {  // started() gives a `launched`
    static starts_another of(problem_shape) { return {}; }
};
struct starts_alike : launched {
    static starts_alike of(problem_shape) { return {}; }
    starts_alike started(problem_shape) const { return {}; }
};
template <class Self>
struct countless : whole {
    static Self of(problem_shape) { return {}; }
    Self started(problem_shape, u32) const { return {}; }
};
struct no_clusters : countless<no_clusters> {};
struct long_clusters : countless<long_clusters> {
    static i64 clusters(problem_shape) { return 1; }
};
struct own_clusters : countless<own_clusters> {
    i32 clusters(problem_shape) const { return 1; }
};
struct of_no_tiles {
    static of_no_tiles of(problem_shape) { return {}; }
    of_no_tiles started(problem_shape, u32) const { return {}; }
    static i32 clusters(problem_shape) { return 1; }
};

// [gemm_table]
//            type                                                    what it lacks
static_assert(gemm_scheduler<persistent<tile_shape{}, cluster_shape{}, 8>>);
static_assert(gemm_scheduler<launched>);
static_assert(!gemm_scheduler<whole>);           // prepares: of
static_assert(!gemm_scheduler<no_making>);       // prepares: of
static_assert(!gemm_scheduler<makes_another>);   // prepares: of gives the schedule itself
static_assert(!gemm_scheduler<no_start>);        // starts: started
static_assert(!gemm_scheduler<starts_another>);  // starts: started gives the schedule itself
static_assert(!gemm_scheduler<starts_alike>);    // starts: started takes the CTA's rank, too
static_assert(!gemm_scheduler<no_clusters>);     // sizes_grid: clusters
static_assert(!gemm_scheduler<long_clusters>);   // sizes_grid: an i32
static_assert(!gemm_scheduler<own_clusters>);    // sizes_grid: static, since the host has no schedule
static_assert(!gemm_scheduler<of_no_tiles>);     // tile_scheduler
// [gemm_table]

}  // namespace
