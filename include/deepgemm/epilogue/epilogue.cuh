// SPDX-License-Identifier: MIT
// The concepts of an epilogue, which is what becomes of an accumulated tile. Steps change values (bias, activation), either a
// pair at a time or all that a thread holds of some columns. A sink takes the tile to memory. `then` chains steps and one sink
// into an epilogue.
#pragma once

#include <deepgemm/epilogue/arguments.cuh>
#include <deepgemm/epilogue/head_splits.cuh>
#include <deepgemm/epilogue/info.cuh>
#include <deepgemm/kernel/arguments.cuh>
#include <deepgemm/mma/fragment.cuh>
#include <deepgemm/mma/sm90/fragment.cuh>

namespace deepgemm {

/// Two adjacent elements of a row of D: columns n and n + 1.
struct element_pair {
    float x, y;
};

/// The matrix of a result that a tile belongs to: where it ends, and its number and that of its matrix of B where these are in
/// stacks. Groups of rows of one matrix of D, say, have a matrix of B each.
struct result_matrix {
    result_end end;
    i32 d;             ///< number of the matrix of D; 0 if D is no stack
    i32 b;             ///< number of the matrix of B; 0 if B is no stack
    bool gap = false;  ///< the rows have no group and become zero: no bias, factor or weight is theirs
};

/// Where an element lies.
struct element_place {
    i32 m, n;
    result_matrix matrix;
    DEEPGEMM_BOTH constexpr bool inside() const { return m < matrix.end.m && n < matrix.end.n; }
};

/// Where an element pair lies; column n is even.
struct pair_place {
    i32 m, n;
    result_matrix matrix;
    DEEPGEMM_BOTH constexpr element_place first() const { return {m, n, matrix}; }
    DEEPGEMM_BOTH constexpr element_place second() const { return {m, n + 1, matrix}; }
    DEEPGEMM_BOTH constexpr bool first_inside() const { return first().inside(); }
    DEEPGEMM_BOTH constexpr bool second_inside() const { return second().inside(); }
};

/// What the calling thread holds of `Columns` columns of a result, and where they lie. `Map` says which thread holds which
/// element.
template <fragment_map Map, int Columns>
struct result_fragment {
    using map = Map;
    static constexpr int columns = Columns;
    static constexpr int registers = fragment_registers<Map>(Columns);

    float value[registers];
    fragment_place<Map> place;  ///< in the matrix, of register 0
    result_matrix matrix;

    /// Where register `i` lies.
    DEEPGEMM_BOTH constexpr element_place element(int i) const { return {place.row_of(i), place.column_of(i), matrix}; }
    /// Where registers `i` and `i + 1` lie, which are neighbours in a row; `i` is even.
    DEEPGEMM_BOTH constexpr pair_place pair(int i) const { return {place.row_of(i), place.column_of(i), matrix}; }
};

/// A tile that has been stored: its number along M and N among the tiles of its matrix of D, and that matrix.
struct finished_tile {
    i32 row, column, matrix;
};

/// The shape of a sink's staging: tiles of `TileColumns` columns of D; buffers of `Rows` rows (of a warp or of a warpgroup) by
/// `Columns` columns, `Buffers` for each owner; whether D is a stack of matrices; and which thread holds which of its elements.
template <int TileColumns, int Rows, int Columns, int Buffers, bool Stacked, fragment_map Fragment = sm90::wgmma_rows>
struct stage_shape {
    using fragment = Fragment;
    static constexpr int tile_columns = TileColumns, rows = Rows, columns = Columns, buffers = Buffers;
    static constexpr bool stacked = Stacked;
};

namespace epilogue_concept {
/// Names its host-side arguments and its kernel parameters, and says whether it adds C and whether a user wrote it.
template <class E>
concept describes = requires {
    typename E::arguments;
    typename E::params;
    { E::accumulates } -> converts_to<bool>;
    { E::custom } -> converts_to<bool>;
};
/// Makes the kernel parameters from arguments.
template <class E>
concept prepares = requires(const gemm_arguments& gemm, const typename E::arguments& mine) {
    { E::make_params(gemm, mine) } -> same_as<typename E::params>;
};
/// Names the element type that it writes, says how columns map to D, and whether it adds to what D holds.
template <class E>
concept writes = requires {
    typename E::element;
    { E::heads } -> same_as<const head_splits&>;
    { E::in_place } -> converts_to<bool>;
};
/// Has the type of the staging between registers and D.
template <class E>
concept brings_staging = requires {
    typename E::template staging<stage_shape<64, 16, 32, 2, false>>;
};
/// Changes a pair of elements.
template <class E>
concept changes_pairs = requires(const typename E::params& p, element_pair pair, pair_place place) {
    { E::apply(p, pair, place) } -> same_as<element_pair>;
};
}  // namespace epilogue_concept

/// A step of an epilogue that changes accumulated values pair by pair.
/// Satisfied by: `arguments`, `params`, `accumulates` and `custom`; `make_params(gemm, mine)`; `apply(params, pair, place)`.
template <class S>
concept epilogue_step =
    epilogue_concept::describes<S> && epilogue_concept::prepares<S> && epilogue_concept::changes_pairs<S>;

namespace epilogue_concept {
/// Says how many columns it leaves of `n`. The same function serves tiles, places and whole matrices.
template <class S>
concept counts_columns = requires(i32 n) {
    { S::columns_after(n) } -> same_as<i32>;
};
/// Changes fragments.
template <class S>
concept changes_fragments = requires(const typename S::params& p,
                                     const result_fragment<sm90::wgmma_rows, 64>& fragment) {
    { S::apply(p, fragment) } -> same_as<result_fragment<sm90::wgmma_rows, S::columns_after(64)>>;
};
}  // namespace epilogue_concept

/// A step of an epilogue that changes whole fragments and may change the number of columns.
/// Satisfied by: the same members as epilogue_step, with `apply(params, fragment)`; and `columns_after(n)`.
template <class S>
concept fragment_step = epilogue_concept::describes<S> && epilogue_concept::prepares<S> &&
    epilogue_concept::counts_columns<S> && epilogue_concept::changes_fragments<S>;

namespace epilogue_concept {
/// A step of either kind.
template <class S>
concept changes_values = epilogue_step<S> || fragment_step<S>;
}  // namespace epilogue_concept

/// Takes an accumulated tile to memory: steps, maybe none, and a store.
/// Satisfied by: a step of either kind that has `element`, `heads`, `in_place` and `staging<Shape>`, too.
template <class E>
concept epilogue =
    epilogue_concept::changes_values<E> && epilogue_concept::writes<E> && epilogue_concept::brings_staging<E>;

namespace epilogue_concept {
/// Wants to hear of each tile that has been stored; see signal_tiles.
template <class E>
concept hears_of_tiles = requires(const typename E::params& p, const finished_tile& tile, u32 rows) {
    E::signal(p, tile, rows);
};
}  // namespace epilogue_concept

/// Columns of D of which an epilogue needs all at once, so that they must lie in one tile: its member `whole_columns` if it has
/// one, else 8.
template <class E>
inline constexpr int whole_columns = 8;
template <class E>
    requires requires { E::whole_columns; }
inline constexpr int whole_columns<E> = E::whole_columns;

/// True if an epilogue stores rows where a list says: its member `scatters`, if it has one. Then its stage has the type
/// `destination` and takes no tensor map.
template <class E>
inline constexpr bool scatters = false;
template <class E>
    requires requires { E::scatters; }
inline constexpr bool scatters<E> = E::scatters;

namespace epilogue_concept {
/// Complete for steps only, and for epilogues only; see `explains`.
template <epilogue_step S>
struct pair_step_model {};
template <fragment_step S>
struct fragment_step_model {};
template <epilogue E>
struct model {};
/// A step of either kind; one with columns_after() is meant to be a step over fragments.
template <class S>
struct step_model : pair_step_model<S> {};
template <counts_columns S>
struct step_model<S> : fragment_step_model<S> {};
}  // namespace epilogue_concept

}  // namespace deepgemm
