// SPDX-License-Identifier: MIT
// Truth tables of work_tile, schedule and group_policy: what models them, and near misses that each lack one thing.
// docs/concepts/schedule.md shows the tables.
#include <deepgemm/schedule/claimed.cuh>
#include <deepgemm/schedule/columnwise.cuh>
#include <deepgemm/schedule/grouped.cuh>
#include <deepgemm/schedule/indexed.cuh>
#include <deepgemm/schedule/persistent.cuh>
#include <deepgemm/schedule/summed.cuh>

namespace concept_schedule_tests {

using namespace deepgemm;

namespace {

struct place {
    i32 m = 0, n = 0;
};
template <class Place>
struct tile_at : Place {
    block_range blocks() const { return {0, 1}; }
    operand_place a(i32) const { return {}; }
    operand_place b(i32) const { return {}; }
    i32 matrix() const { return 0; }
    result_end end() const { return {}; }
};
using whole_tile = tile_at<place>;

// Each hides one member of the whole, or has another in its place.
struct row_only {
    i32 m = 0;
};
struct long_place {
    i64 m = 0, n = 0;
};
struct no_blocks : whole_tile {
private:
    using whole_tile::blocks;
};
struct count_of_blocks : whole_tile {
    i32 blocks() const { return 1; }
};
struct no_a : whole_tile {
private:
    using whole_tile::a;
};
struct no_b : whole_tile {
private:
    using whole_tile::b;
};
struct place_without_matrix : whole_tile {
    tile_coord b(i32) const { return {}; }
};
struct no_matrix : whole_tile {
private:
    using whole_tile::matrix;
};
struct no_tile_end : whole_tile {
private:
    using whole_tile::end;
};
struct ends_at_row : whole_tile {
    i32 end() const { return 0; }
};

// [tile_table]
//            type                                 what it lacks
static_assert(work_tile<dense_tile<tile_shape{}>>);
static_assert(work_tile<grouped<tile_shape{}, cluster_shape{}, masked_groups>::tile>);
static_assert(work_tile<whole_tile>);
static_assert(!work_tile<tile_at<row_only>>);     // lies_in_d: n
static_assert(!work_tile<tile_at<long_place>>);   // lies_in_d: an i32
static_assert(!work_tile<no_blocks>);             // has_blocks: blocks
static_assert(!work_tile<count_of_blocks>);       // has_blocks: which blocks, not how many
static_assert(!work_tile<no_a>);                  // finds_operands: a
static_assert(!work_tile<no_b>);                  // finds_operands: b
static_assert(!work_tile<place_without_matrix>);  // finds_operands: an operand_place
static_assert(!work_tile<no_matrix>);             // ends_in_d: matrix
static_assert(!work_tile<no_tile_end>);           // ends_in_d: end
static_assert(!work_tile<ends_at_row>);           // ends_in_d: a row and a column
static_assert(!work_tile<tile_coord>);            // a place is no tile
// [tile_table]

struct steps {
    i32 index;
    whole_tile operator*() const { return {}; }
    void operator++() { ++index; }
    bool operator!=(steps other) const { return index != other.index; }
};
struct coordinates : steps {
    tile_coord operator*() const { return {index, 0}; }
};
struct stuck : steps {
    void operator++() = delete;
};
struct never_ends : steps {
    bool operator!=(never_ends) const = delete;
};
/// All that a schedule needs, of which types below take something away. `Self` is the schedule.
template <class Self, class Iterator = steps>
struct all : dense_schedule<tile_shape{}> {
    static Self of(problem_shape, no_arguments) { return {}; }
    static i32 clusters(problem_shape, no_arguments) { return 1; }
    Self started(problem_shape, u32) const { return {}; }
    Iterator begin() const { return {}; }
    Iterator end() const { return {}; }
};
struct whole : all<whole> {};

struct walks_coordinates : all<walks_coordinates, coordinates> {};
struct walks_nowhere : all<walks_nowhere, stuck> {};
struct walks_forever : all<walks_forever, never_ends> {};
struct no_begin : all<no_begin> {
private:
    using all::begin;
};
struct no_end : all<no_end> {
private:
    using all::end;
};
struct no_arguments_named : all<no_arguments_named> {
private:
    using arguments = no_arguments;
};
struct nothing_stacked : all<nothing_stacked> {
private:
    using all::stacked;
};
struct stacked_or_not : all<stacked_or_not> {
    static constexpr bool stacked = false;
};
struct no_bound : all<no_bound> {
private:
    using all::bounded;
};
struct nowhere : all<nowhere> {
private:
    using all::on_device;
};
struct no_making : all<no_making> {
private:
    using all::of;
};
struct makes_alike : all<makes_alike> {
    static makes_alike of(problem_shape) { return {}; }
};
struct makes_another : all<whole> {};
struct no_start : all<no_start> {
private:
    using all::started;
};
struct starts_another : all<starts_another> {
    whole started(problem_shape, u32) const { return {}; }
};
struct starts_alike : all<starts_alike> {
    starts_alike started(problem_shape) const { return {}; }
};
struct no_clusters : all<no_clusters> {
private:
    using all::clusters;
};
struct long_clusters : all<long_clusters> {
    static i64 clusters(problem_shape, no_arguments) { return 1; }
};
struct own_clusters : all<own_clusters> {
    i32 clusters(problem_shape, no_arguments) const { return 1; }
};
struct no_reads : all<no_reads> {
private:
    using all::reads;
};
struct reads_of_one : all<reads_of_one> {
    static i32 reads(problem_shape, no_arguments) { return 1; }
};

// [table]
//            type                                             what it lacks
static_assert(schedule<persistent<tile_shape{}, cluster_shape{}, 8>>);
static_assert(schedule<persistent<tile_shape{192, 128, 128}, cluster_shape{2, 1}, 4>>);
static_assert(schedule<grouped<tile_shape{}, cluster_shape{1, 2}, psum_groups>>);
static_assert(schedule<indexed<tile_shape{}, cluster_shape{1, 2}, 8>>);
static_assert(schedule<indexed<tile_shape{64, 128, 128}, cluster_shape{1, 2}, 8>>);
static_assert(schedule<grouped<tile_shape{}, cluster_shape{2, 1}, uniform_groups>>);
static_assert(schedule<columnwise<tile_shape{}, cluster_shape{1, 2}>>);
static_assert(schedule<summed<tile_shape{}>>);
static_assert(schedule<claimed<persistent<tile_shape{}, cluster_shape{2, 1}, 8>>>);
static_assert(schedule<whole>);
static_assert(!schedule<no_begin>);            // iterates: begin
static_assert(!schedule<no_end>);              // iterates: end
static_assert(!schedule<walks_coordinates>);   // iterates: a tile is a work_tile
static_assert(!schedule<walks_nowhere>);       // iterates: ++
static_assert(!schedule<walks_forever>);       // iterates: !=
static_assert(!schedule<no_arguments_named>);  // describes: arguments
static_assert(!schedule<nothing_stacked>);     // describes: stacked
static_assert(!schedule<stacked_or_not>);      // describes: which tensors are stacks
static_assert(!schedule<no_bound>);            // describes: bounded
static_assert(!schedule<nowhere>);             // describes: on_device
static_assert(!schedule<no_making>);           // prepares: of
static_assert(!schedule<makes_alike>);         // prepares: of takes the schedule's arguments, too
static_assert(!schedule<makes_another>);       // prepares: of gives the schedule itself
static_assert(!schedule<no_start>);            // starts: started
static_assert(!schedule<starts_another>);      // starts: started gives the schedule itself
static_assert(!schedule<starts_alike>);        // starts: started takes the CTA's rank, too
static_assert(!schedule<no_clusters>);         // sizes_grid: clusters
static_assert(!schedule<long_clusters>);       // sizes_grid: an i32
static_assert(!schedule<own_clusters>);        // sizes_grid: static, since the host has no schedule
static_assert(!schedule<no_reads>);            // counts_reads: reads
static_assert(!schedule<reads_of_one>);        // counts_reads: of both operands
static_assert(!schedule<banded_raster>);       // an order is no schedule
// [table]

struct some_ring {
    static constexpr u32 bytes = 32;
    void initialise(u32) const {}
};
template <class Self, class Ring = some_ring, class Through = Self, class Iterator = steps>
struct all_claims : all<Self, Iterator> {
    using ring = Ring;
    Through through(u32, tile_reader) const { return {}; }
};
struct claims : all_claims<claims> {};
struct ring_without_bytes {
    void initialise(u32) const {}
};
struct ring_for_anybody : some_ring {
    void initialise() const {}
};
struct no_bytes : all_claims<no_bytes, ring_without_bytes> {};
struct no_readers : all_claims<no_readers, ring_for_anybody> {};
struct nowhere_through : all_claims<nowhere_through> {
private:
    using all_claims::through;
};
struct through_another : all_claims<through_another, some_ring, whole> {};
struct walks_no_tiles : all_claims<walks_no_tiles, some_ring, walks_no_tiles, coordinates> {};

// [claim_table]
//            type                                                            what it lacks
static_assert(claiming_schedule<claimed<persistent<tile_shape{}, cluster_shape{2, 1}, 8>>>);
static_assert(claiming_schedule<claims>);
static_assert(!claiming_schedule<persistent<tile_shape{}, cluster_shape{}, 8>>);  // walks_by_ring: a ring
static_assert(!claiming_schedule<no_bytes>);                                      // walks_by_ring: bytes of its ring
static_assert(!claiming_schedule<no_readers>);       // walks_by_ring: initialise takes the number of readers
static_assert(!claiming_schedule<nowhere_through>);  // walks_by_ring: through
static_assert(!claiming_schedule<through_another>);  // walks_by_ring: through gives the schedule itself
static_assert(!claiming_schedule<walks_no_tiles>);   // it is no schedule
static_assert(numbered_schedule<persistent<tile_shape{}, cluster_shape{1, 2}, 8>>);
static_assert(!numbered_schedule<summed<tile_shape{}>>);  // numbers_tiles: tile_number
static_assert(!numbered_schedule<whole>);                 // numbers_tiles: tile_number
// [claim_table]
static_assert(claim_bytes<claims>() == 32 && claim_bytes<whole>() == 0);

static_assert(grouping_of<persistent<tile_shape{}, cluster_shape{}, 8>>() == grouping::none);
static_assert(grouping_of<claimed<persistent<tile_shape{}, cluster_shape{}, 8>>>() == grouping::none);
static_assert(grouping_of<grouped<tile_shape{}, cluster_shape{}, k_groups>>() == grouping::along_k);
static_assert(grouping_of<grouped<tile_shape{}, cluster_shape{}, concatenated_k_groups>>() == grouping::k_concatenated);
static_assert(grouping_of<indexed<tile_shape{}, cluster_shape{}, 8>>() == grouping::indexed);
// Groups of rows start anywhere in A; slots start at multiples of four rows.
static_assert(starts_at_any_row<indexed<tile_shape{}, cluster_shape{}, 8>>());
static_assert(starts_at_any_row<grouped<tile_shape{}, cluster_shape{}, psum_groups>>());
static_assert(starts_at_any_row<grouped<tile_shape{}, cluster_shape{}, listed_groups>>());
static_assert(!starts_at_any_row<grouped<tile_shape{}, cluster_shape{}, masked_groups>>());
static_assert(!starts_at_any_row<persistent<tile_shape{}, cluster_shape{}, 8>>());
// Both kinds of groups of rows are launched with the same arguments; other policies are their own.
static_assert(same_as<grouped<tile_shape{}, cluster_shape{}, psum_groups>::arguments, row_groups>);
static_assert(same_as<indexed<tile_shape{}, cluster_shape{}, 8>::arguments, row_groups>);
static_assert(same_as<indexed<tile_shape{64, 128, 128}, cluster_shape{}, 8>::arguments, row_groups>);
static_assert(grouping_of<indexed<tile_shape{64, 128, 128}, cluster_shape{}, 8>>() == grouping::indexed);
// Tiles of few rows look for groups on their way; taller ones have a table of them.
static_assert(same_as<tile_of<indexed<tile_shape{64, 128, 128}, cluster_shape{}, 8>>,
                      tile_of<grouped<tile_shape{64, 128, 128}, cluster_shape{}, listed_groups>>>);
static_assert(same_as<tile_of<indexed<tile_shape{128, 128, 128}, cluster_shape{}, 8>>,
                      tile_of<grouped<tile_shape{128, 128, 128}, cluster_shape{}, tabled_groups>>>);
static_assert(same_as<grouped<tile_shape{}, cluster_shape{}, masked_groups>::arguments, masked_groups>);
static_assert(same_as<grouped<tile_shape{}, cluster_shape{}, k_groups>::arguments, groups_along_k>);
static_assert(same_as<grouped<tile_shape{}, cluster_shape{}, concatenated_k_groups>::arguments, groups_along_k>);
static_assert(grouping_of<whole>() == grouping::custom);
// Groups along K start and end anywhere, or have tensor maps of their own.
static_assert(takes_windows<grouped<tile_shape{}, cluster_shape{}, k_groups>>() && !takes_windows<whole>());
static_assert(maps_of_operand<grouped<tile_shape{}, cluster_shape{}, concatenated_k_groups>>() == 32);
static_assert(maps_of_operand<grouped<tile_shape{}, cluster_shape{}, k_groups>>() == 1 &&
              maps_of_operand<whole>() == 1);
// Words of packed scales may follow each other.
static_assert(word_of_packed_scales<grouped<tile_shape{}, cluster_shape{}, with_packed_scales<k_groups>>>() == 512);
static_assert(word_of_packed_scales<grouped<tile_shape{}, cluster_shape{}, k_groups>>() == 0 &&
              word_of_packed_scales<whole>() == 0);

struct whole_policy {
    static constexpr stacks stacked{};
    static constexpr bool bounded = false, on_device = false;
    i32 count = 1;
    group_extent after(group_extent, problem_shape) const { return {}; }
    i32 most_row_tiles(problem_shape, i32) const { return 1; }
    i32 usual_rows(problem_shape) const { return 1; }
};
struct unstacked_policy : whole_policy {
private:
    using whole_policy::stacked;
};
struct boundless_policy : whole_policy {
private:
    using whole_policy::bounded;
};
struct homeless_policy : whole_policy {
private:
    using whole_policy::on_device;
};
struct uncounted_policy : whole_policy {
private:
    using whole_policy::count;
};
struct no_after : whole_policy {
private:
    using whole_policy::after;
};
struct after_number : whole_policy {
    group_extent after(i32, problem_shape) const { return {}; }
};
struct no_tiles : whole_policy {
private:
    using whole_policy::most_row_tiles;
};
struct no_rows : whole_policy {
private:
    using whole_policy::usual_rows;
};

// [group_table]
//            type                               what it lacks
static_assert(group_policy<uniform_groups>);
static_assert(group_policy<masked_groups>);
static_assert(group_policy<psum_groups>);
static_assert(group_policy<listed_groups>);
static_assert(group_policy<tabled_groups>);
static_assert(group_policy<k_groups>);
static_assert(group_policy<concatenated_k_groups>);
static_assert(group_policy<with_packed_scales<k_groups>>);
static_assert(group_policy<k_parts>);
static_assert(group_policy<whole_policy>);
static_assert(!group_policy<unstacked_policy>);  // describes: stacked
static_assert(!group_policy<boundless_policy>);  // describes: bounded
static_assert(!group_policy<homeless_policy>);   // describes: on_device
static_assert(!group_policy<uncounted_policy>);  // names_groups: count
static_assert(!group_policy<no_after>);          // names_groups: after
static_assert(!group_policy<after_number>);      // names_groups: after takes the group before
static_assert(!group_policy<no_tiles>);          // counts_rows: most_row_tiles
static_assert(!group_policy<no_rows>);           // counts_rows: usual_rows
// [group_table]
// Which policy, and so which schedule, looks whether its list keeps promises.
template <class Tiles>
concept inspects = requires(const Tiles& tiles) {
    tiles.inspect(u32(0), u32(1));
};
static_assert(inspecting_policy<listed_groups> && !inspecting_policy<psum_groups> && !inspecting_policy<whole_policy>);
static_assert(inspects<grouped<tile_shape{}, cluster_shape{}, listed_groups>>);
static_assert(!inspects<grouped<tile_shape{}, cluster_shape{}, psum_groups>>);
static_assert(inspects<indexed<tile_shape{64, 128, 128}, cluster_shape{}, 8>>);
static_assert(inspects<indexed<tile_shape{128, 128, 128}, cluster_shape{}, 8>>);

struct whole_tabled : whole_policy {
    static constexpr u32 table_bytes = 64;
    u32 place = 0;
    bool tiles_gaps = true;
    void fill_table(i32) const {}
    group_extent gap_after(group_extent, problem_shape) const { return {}; }
    static bool is_gap(const group_extent&) { return false; }
};
struct unsized_table : whole_tabled {
private:
    using whole_tabled::table_bytes;
};
struct unplaced_table : whole_tabled {
private:
    using whole_tabled::place;
};
struct unfilled_table : whole_tabled {
private:
    using whole_tabled::fill_table;
};
struct gapless_table : whole_tabled {
private:
    using whole_tabled::gap_after;
};
struct nameless_gaps : whole_tabled {
private:
    using whole_tabled::is_gap;
};
static_assert(tabled_policy<tabled_groups> && tabled_policy<whole_tabled>);
static_assert(!tabled_policy<listed_groups>);
static_assert(!tabled_policy<unsized_table>);   // table_bytes
static_assert(!tabled_policy<unplaced_table>);  // place
static_assert(!tabled_policy<unfilled_table>);  // fill_table
static_assert(!tabled_policy<gapless_table>);   // gap_after
static_assert(!tabled_policy<nameless_gaps>);   // is_gap
static_assert(tabled_schedule<grouped<tile_shape{}, cluster_shape{}, whole_tabled>>);
static_assert(!tabled_schedule<grouped<tile_shape{}, cluster_shape{}, listed_groups>>);
static_assert(!tabled_schedule<indexed<tile_shape{64, 128, 128}, cluster_shape{}, 8>>);
static_assert(tabled_schedule<indexed<tile_shape{128, 128, 128}, cluster_shape{}, 8>>);
static_assert(table_bytes_of<indexed<tile_shape{128, 128, 128}, cluster_shape{}, 8>>() == tabled_groups::table_bytes);
static_assert(table_bytes_of<indexed<tile_shape{64, 128, 128}, cluster_shape{}, 8>>() == 0);

static_assert(grouping_of<whole_policy>() == grouping::custom);

}  // namespace

}  // namespace concept_schedule_tests
