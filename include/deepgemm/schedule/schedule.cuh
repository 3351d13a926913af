// SPDX-License-Identifier: MIT
// What a schedule is: the list of tiles of D that a CTA computes, in an order that all of its roles share. A tile knows where
// its K blocks lie in A and in B and where in D it ends, so a kernel that asks tiles for these works with every schedule. The
// models are in persistent.cuh and grouped.cuh.
#pragma once

#include <deepgemm/core/math.cuh>
#include <deepgemm/core/shape.cuh>
#include <deepgemm/core/traits.cuh>
#include <deepgemm/kernel/arguments.cuh>
#include <deepgemm/schedule/grouping.cuh>

namespace deepgemm {

namespace tile_concept {
/// Knows its first row and its first column in its matrix of D.
template <class T>
concept lies_in_d = requires(const T& tile) {
    { +tile.m } -> same_as<i32>;
    { +tile.n } -> same_as<i32>;
};
/// Says which K blocks are summed in it.
template <class T>
concept has_blocks = requires(const T& tile) {
    { tile.blocks() } -> same_as<block_range>;
};
/// Says where a K block starts in A and in B.
template <class T>
concept finds_operands = requires(const T& tile, i32 block) {
    { tile.a(block) } -> same_as<operand_place>;
    { tile.b(block) } -> same_as<operand_place>;
};
/// Says which matrix of D it belongs to, and beyond which row and column it may not write.
template <class T>
concept ends_in_d = requires(const T& tile) {
    { tile.matrix() } -> same_as<i32>;
    { tile.end() } -> same_as<result_end>;
};
}  // namespace tile_concept

/// A tile of D, and where the operands for it lie.
/// Satisfied by: members `m` and `n`, `blocks()`, `a(block)` and `b(block)` for each of these blocks, `matrix()` and `end()`.
template <class T>
concept work_tile = tile_concept::lies_in_d<T> && tile_concept::has_blocks<T> && tile_concept::finds_operands<T> &&
    tile_concept::ends_in_d<T>;

namespace detail {
/// Never defined; an expression of type `const S&`, to ask for types.
template <class S>
DEEPGEMM_BOTH const S& some_schedule();
}  // namespace detail

/// The type of the tiles of schedule `S`.
template <class S>
using tile_of = remove_cvref_t<decltype(*detail::some_schedule<S>().begin())>;

namespace schedule_concept {
/// Walks tiles: `for (const auto tile : tiles)`.
template <class S>
concept iterates = requires(const S& tiles) {
    requires work_tile<tile_of<S>>;
    { tiles.begin() != tiles.end() } -> same_as<bool>;
    ++tiles.begin();
};
/// Names its arguments. Says which tensors are stacks of matrices, whether a tile may end before its matrix of D does, and
/// whether the list of tiles depends on device memory.
template <class S>
concept describes = requires {
    typename S::arguments;
    { S::stacked } -> same_as<const stacks&>;
    { S::bounded } -> same_as<const bool&>;
    { S::on_device } -> same_as<const bool&>;
};
/// Is made on the host for a problem. What takes time to compute and is the same for all CTAs belongs here.
template <class S>
concept prepares = requires(problem_shape shape, const typename S::arguments& mine) {
    { S::of(shape, mine) } -> same_as<S>;
};
/// Starts in the kernel, which has it as a parameter, from the problem and the CTA's rank in its cluster.
template <class S>
concept starts = requires(const S& tiles, problem_shape shape, u32 rank) {
    { tiles.started(shape, rank) } -> same_as<S>;
};
/// Tells the host how many clusters have work.
template <class S>
concept sizes_grid = requires(problem_shape shape, const typename S::arguments& mine) {
    { S::clusters(shape, mine) } -> same_as<i32>;
};
/// Tells the host how often the kernel reads each operand; the cache hints follow from that. Of B a tile may know better: if it
/// has `shares_b()`, true if other tiles read the same of B, that is what counts.
template <class S>
concept counts_reads = requires(problem_shape shape, const typename S::arguments& mine) {
    { S::reads(shape, mine) } -> same_as<operand_reads>;
};
}  // namespace schedule_concept

/// The tiles of one CTA, in an order that all its roles share. Over all CTAs, each tile appears once.
/// Satisfied by: a range of work_tile; `arguments`, `stacked`, `bounded` and `on_device`; `of()`, `clusters()` and `reads()`
/// for the host, `started()` for the kernel.
template <class S>
concept schedule = schedule_concept::iterates<S> && schedule_concept::describes<S> && schedule_concept::prepares<S> &&
    schedule_concept::starts<S> && schedule_concept::sizes_grid<S> && schedule_concept::counts_reads<S>;

/// How a role walks the tiles of a schedule that hands them out while the kernel runs.
enum class tile_reader : u8 {
    thread,  ///< one thread walks
    warp,    ///< converged warps walk, all lanes together
    asker,   ///< one thread of each CTA walks before all others, and asks for the tile after the next one
};

namespace schedule_concept {
/// Finds a tile by its number, and says how many CTAs share a number.
template <class S>
concept numbers_tiles = requires(const S& tiles, i32 number) {
    { tiles.tile_number(number) } -> same_as<tile_of<S>>;
    { S::ctas } -> same_as<const i32&>;
};
/// Hands out tiles through a ring in shared memory, of so many bytes, which the kernel has initialised for so many readers; gives a
/// role the schedule that walks by it.
template <class S>
concept walks_by_ring = requires(const S& tiles, const typename S::ring& answers, u32 number, tile_reader who) {
    { S::ring::bytes } -> same_as<const u32&>;
    answers.initialise(number);
    { tiles.through(number, who) } -> same_as<S>;
};
}  // namespace schedule_concept

/// A schedule whose tiles have numbers.
/// Satisfied by: a schedule with `tile_number(number)` and `ctas`.
template <class S>
concept numbered_schedule = schedule<S> && schedule_concept::numbers_tiles<S>;

/// A schedule that finds out while the kernel runs which tiles a cluster computes: a refinement of `schedule`. Roles learn of tiles
/// by a ring in shared memory, so they walk what `through(address, reader)` gives them. Its grid has a cluster for each tile.
/// Satisfied by: a schedule with a type `ring`, which has `bytes` and `initialise(readers)`, and `through(address, reader)`.
template <class S>
concept claiming_schedule = schedule<S> && schedule_concept::walks_by_ring<S>;

/// Bytes of shared memory that a kernel keeps for the ring of schedule `S`; 0 if it has none.
template <class S>
DEEPGEMM_BOTH constexpr u32 claim_bytes() {
    if constexpr (claiming_schedule<S>) {
        return S::ring::bytes;
    } else {
        return 0;
    }
}

/// A schedule whose roles look tiles up in a table in shared memory: a refinement of `schedule`. All threads of a CTA fill it, and
/// then meet at a barrier, before any role walks.
/// Satisfied by: a schedule with `table_bytes()`, a multiple of 16, `with_table(address, tiles_gaps)`, the same schedule for a table
/// there, with or without tiles of rows that become zero, and `fill_table()`.
template <class S>
concept tabled_schedule = schedule<S> && requires(const S& tiles, u32 address) {
    { S::table_bytes() } -> same_as<u32>;
    { tiles.with_table(address, true) } -> same_as<S>;
    tiles.fill_table();
};

/// Bytes of shared memory that a kernel keeps for the table of schedule `S`; 0 if it has none.
template <class S>
DEEPGEMM_BOTH constexpr u32 table_bytes_of() {
    if constexpr (tabled_schedule<S>) {
        return S::table_bytes();
    } else {
        return 0;
    }
}

namespace schedule_concept {
/// False if schedule `S` says, by members of these names, that its tiles or clusters are others than `block` and `cluster`.
template <class S>
DEEPGEMM_BOTH constexpr bool fits(tile_shape block, cluster_shape cluster) {
    if constexpr (requires { S::block == block&& S::cluster == cluster; }) {
        return S::block == block && S::cluster == cluster;
    } else {
        return true;
    }
}
}  // namespace schedule_concept

/// What the tiles of schedule `S` make up: its member `grouped_as` if it has one, else `custom`. A schedule of your own that
/// covers one whole product may set it to `none`; planners then choose its kernels like those of `persistent`.
template <class S>
DEEPGEMM_BOTH constexpr grouping grouping_of() {
    if constexpr (requires { S::grouped_as; }) {
        return S::grouped_as;
    } else {
        return grouping::custom;
    }
}

/// True if tiles of schedule `S`, or groups of policy `S`, may start at any row of A: its member `any_row` if it has one, else
/// they start at multiples of four rows, where TMA can copy scales from.
template <class S>
DEEPGEMM_BOTH constexpr bool starts_at_any_row() {
    if constexpr (requires { S::any_row; }) {
        return S::any_row;
    } else {
        return false;
    }
}

/// True if groups of policy `S`, or tiles of schedule `S`, start and end at any element of K: its member `windows` if it has one.
/// Streams then load each K block from a window of its own, beyond whose end they bring zeros (pipeline/operand_stream.cuh).
template <class S>
DEEPGEMM_BOTH constexpr bool takes_windows() {
    if constexpr (requires { S::windows; }) {
        return S::windows;
    } else {
        return false;
    }
}

/// Tensor maps of tiles that each operand has, one for each group, if groups of policy `S`, or tiles of schedule `S`, have matrices
/// of A and B of their own shapes: its member `map_tables` if it has one, else 1.
template <class S>
DEEPGEMM_BOTH constexpr int maps_of_operand() {
    if constexpr (requires { S::map_tables; }) {
        return S::map_tables;
    } else {
        return 1;
    }
}

/// Where the tile of a CTA lies in the cluster tile, in elements, if the CTA has rank `rank` in its cluster. Clusters that share K
/// have a whole number of CTAs for each part of it.
template <tile_shape Block, cluster_shape Cluster>
DEEPGEMM_BOTH constexpr tile_coord place_in_cluster(u32 rank) {
    return {Block.m * i32(rank % u32(Cluster.m)), Block.n * i32(rank / u32(Cluster.m) % u32(Cluster.n))};
}

/// True if tiles of `S` that follow each other often have the same rows of B, which then stay in shared memory.
template <class S>
DEEPGEMM_BOTH constexpr bool keeps_b_of() {
    if constexpr (requires { S::keeps_b; }) {
        return S::keeps_b;
    } else {
        return false;
    }
}

/// Elements of K of a word of scales, if words of groups of policy `S`, or of tiles of schedule `S`, follow each other without gaps
/// wherever groups lie: its member `packed_scales` if it has one, else 0.
template <class S>
DEEPGEMM_BOTH constexpr int word_of_packed_scales() {
    if constexpr (requires { S::packed_scales; }) {
        return S::packed_scales;
    } else {
        return 0;
    }
}

/// A tile of a product of two matrices, A(m,k) and B(n,k), in tiles of `Block`.
template <tile_shape Block>
struct dense_tile {
    i32 m, n;
    block_range range;
    result_end ends;  ///< of D

    DEEPGEMM_BOTH constexpr block_range blocks() const { return range; }
    DEEPGEMM_BOTH constexpr operand_place a(i32 block) const { return {m, block * Block.k, 0}; }
    DEEPGEMM_BOTH constexpr operand_place b(i32 block) const { return {n, block * Block.k, 0}; }
    DEEPGEMM_BOTH constexpr i32 matrix() const { return 0; }
    DEEPGEMM_BOTH constexpr result_end end() const { return ends; }
};

/// What schedules of one product of two matrices have in common: a base class without data. Their tiles are
/// `dense_tile<Block>`.
template <tile_shape Block, cluster_shape Cluster = cluster_shape{}>
struct dense_schedule {
    static constexpr tile_shape block = Block;
    static constexpr cluster_shape cluster = Cluster;
    static constexpr stacks stacked{};
    static constexpr bool bounded = false, on_device = false;
    using arguments = no_arguments;

    /// Each operand is read once for each cluster tile along the other one.
    DEEPGEMM_BOTH static constexpr operand_reads reads(problem_shape shape, const no_arguments&) {
        return {ceil_div(shape.n, Block.n * Cluster.n), ceil_div(shape.m, Block.m * Cluster.m)};
    }
};

static_assert(work_tile<dense_tile<tile_shape{}>>);

}  // namespace deepgemm
