// SPDX-License-Identifier: MIT
// The stream of a result from staging buffers to global memory, and of C back to them: tensor maps and parameters. The host
// makes them; the stages of the math warps copy by them. The counterpart of pipeline/operand_stream.cuh.
#pragma once

#include <deepgemm/epilogue/edge.cuh>
#include <deepgemm/kernel/arguments.cuh>
#include <deepgemm/layout/tensor_map.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/mbarrier.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/tma.cuh>

namespace deepgemm {

namespace detail {
/// What only some stages need.
template <bool Fetches, bool Scatters>
struct stage_params {};
/// The tensor map of C, for stages that fetch it.
template <>
struct stage_params<true, false> {
    tensor_map c;
};
/// Which rows of D those of the product are, for stages that scatter them.
template <>
struct stage_params<false, true> {
    row_list list;
    i64 rows;
};

/// Where threads store elements of a result themselves. A stage that says so stores all of D in this way, and TMA nothing.
template <class Stage>
struct destination_of {
    static constexpr bool by_threads = false;
    using type = ragged_edge<typename Stage::element>;
};
template <class Stage>
    requires requires { typename Stage::destination; }
struct destination_of<Stage> {
    static constexpr bool by_threads = true;
    using type = typename Stage::destination;
};
}  // namespace detail

/// The stream of a result that `Stage` stages.
template <class Stage>
struct result_stream {
    using element = typename Stage::element;
    using destination = typename detail::destination_of<Stage>::type;
    static constexpr bool by_threads = detail::destination_of<Stage>::by_threads;
    /// True if a list says which rows of D those of the product are.
    static constexpr bool scatters = !same_as<destination, ragged_edge<element>>;
    /// Tensor maps: of D, and of C if it is fetched; none if threads store D.
    static constexpr int map_count = by_threads ? 0 : Stage::fetches ? 2 : 1;

    /// What the kernel reads.
    struct params {
        tensor_map d;
        detail::stage_params<Stage::fetches, scatters> more;
        element* elements;        ///< D again, with its pitches, for columns that TMA cannot store
        i64 pitch, matrix_pitch;  ///< in elements
    };

    /// Requests its tensor maps for a result of `n` columns.
    DEEPGEMM_BOTH static constexpr void tensor_maps(const gemm_arguments& args, i32 n, tensor_map_request* maps) {
        if constexpr (!by_threads) maps[0] = map(args, n, args.d);
        if constexpr (Stage::fetches) maps[1] = map(args, n, args.c);
    }
    /// Its parameters from arguments and encoded maps.
    DEEPGEMM_BOTH static constexpr params make_params(const gemm_arguments& args, const tensor_map* maps) {
        params p{};
        if constexpr (!by_threads) p.d = maps[0];
        if constexpr (scatters) p.more = {args.d.list, args.d.rows};
        if constexpr (Stage::fetches) p.more.c = maps[1];
        p.elements = static_cast<element*>(args.d.data);
        p.pitch = args.d.pitch;
        p.matrix_pitch = args.d.matrix_pitch;
        return p;
    }

    /// One thread: prefetches its tensor maps.
    DEEPGEMM_DEVICE static void prefetch(const params& p) {
        if constexpr (!by_threads) ptx::prefetch_tensor_map(p.d);
        if constexpr (Stage::fetches) ptx::prefetch_tensor_map(p.more.c);
    }
    /// Boxes of D's map that cover a tile.
    DEEPGEMM_BOTH static constexpr i32 boxes(tile_shape tile) {
        return ceil_div(tile.m, Stage::rows) * ceil_div(tile.n, Stage::chosen_columns);
    }
    /// One thread: brings box number `i` of the tile of D that begins at (m, n) and has `rows` rows to L2.
    DEEPGEMM_DEVICE static void bring(const params& p, i32 i, i32 rows, i32 m, i32 n, i32 matrix) {
        const i32 down = ceil_div(rows, Stage::rows), column = i / down, row = i - column * down;
        constexpr int rank = Stage::stacked ? 3 : 2;
        i32 place[rank] = {n + column * Stage::chosen_columns, m + row * Stage::rows};
        if constexpr (Stage::stacked) place[2] = matrix;
        ptx::tma_prefetch<rank>(p.d, place);
    }
    /// One thread: initialises the barriers on which C lands, one for each of `owners` owners, at shared address
    /// `barrier_of(owner)`.
    template <class BarrierOf>
    DEEPGEMM_DEVICE static void initialise(u32 owners, const BarrierOf& barrier_of) {
        if constexpr (Stage::fetches) {
            DEEPGEMM_UNROLL
            for (u32 i = 0; i < owners; ++i) ptx::mbarrier_init(barrier_of(i), 1);
        }
    }
    /// The owner's threads: starts to fetch a batch of C from (m, n) on, if the stage adds C.
    DEEPGEMM_DEVICE static void fetch(const params& p, const Stage& stage, i32 m, i32 n, i32 matrix) {
        if constexpr (Stage::fetches) stage.fetch(p.more.c, m, n, matrix);
    }
    /// Converged warp: makes the first `n` elements of row `row` of a D without matrices zero.
    DEEPGEMM_DEVICE static void clear_row(const params& p, i32 row, i32 n) {
        using vector = ptx::vec4<u32>;
        constexpr i32 each = i32(sizeof(vector) / sizeof(element));
        element* const to = p.elements + row * p.pitch;
        const i32 lane = i32(ptx::lane_index()), whole = n / each * each;
        for (i32 column = lane * each; column < whole; column += 32 * each)
            ptx::st_global(reinterpret_cast<vector*>(to + column), vector{});
        if (whole + lane < n) ptx::st_global(to + whole + lane, element{});
    }
    /// Where threads store elements themselves, in a matrix that ends at `end`.
    DEEPGEMM_DEVICE static destination edge(const params& p, i32 matrix, result_end end) {
        const ragged_edge<element> whole{p.elements + (Stage::stacked ? matrix * p.matrix_pitch : 0), {p.pitch}, end};
        if constexpr (scatters) {
            return {whole, p.more.list, p.more.rows};
        } else {
            return whole;
        }
    }

private:
    template <class Result>
    DEEPGEMM_BOTH static constexpr tensor_map_request map(const gemm_arguments& args, i32 n, const Result& x) {
        const tensor_map_request one = Stage::map(x.data, args.shape.m, n, x.pitch);
        return Stage::stacked ? stack_map(one, args.matrices, x.matrix_pitch * i64(sizeof(element))) : one;
    }
};

}  // namespace deepgemm
