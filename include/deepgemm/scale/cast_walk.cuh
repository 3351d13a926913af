// SPDX-License-Identifier: MIT
// How kernels that cast go over a matrix: a warp along a row, or a CTA over some rows and columns; which elements each lane
// loads, and the largest magnitudes of these. scale/cast.cuh and scale/cast_fp4.cuh make scales of them, round and store.
#pragma once

#include <deepgemm/kernel/launch_info.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/warp.cuh>
#include <deepgemm/scale/cast_element.cuh>

namespace deepgemm::scale::detail {

/// True if vectors of `Count` elements can be loaded from x and stored to q wherever a column is a multiple of `Count`.
/// Elements of q have `Bits` bits; its pitch is in bytes.
template <cast_input X, int Bits, int Count, class Arguments>
DEEPGEMM_BOTH bool vectors_aligned(const Arguments& a) {
    constexpr u64 in = min(u64(Count * sizeof(X)), u64(16)), out = Count * Bits / 8;
    return u64(a.x) % in == 0 && u64(a.x_pitch) * sizeof(X) % in == 0 && u64(a.q) % out == 0 &&
           u64(a.q_pitch) % out == 0;
}

/// A kernel that casts X to elements of `Bits` bits with scales along rows. A warp takes a unit, 512 columns of a row; in each
/// of `steps` every lane has `vector` columns of it.
template <class Arguments, cast_input X, int Bits>
struct cast_of_rows {
    static constexpr int threads = 256, unit_columns = 512, vector = 8, steps = unit_columns / (32 * vector);
    static constexpr launch_info launch{.threads = u32(threads)};
    static constexpr int map_count = 0;
    using arguments = Arguments;
    struct params {
        arguments args;
        u32 units_per_row, units;
        bool aligned;  ///< as vectors_aligned() says, for `vector` elements
    };

    DEEPGEMM_BOTH static params make_params(const arguments& args) {
        const u32 per_row = u32(ceil_div(args.columns, unit_columns));
        return {args, per_row, per_row * u32(args.rows), vectors_aligned<X, Bits, vector>(args)};
    }
    /// CTAs on `num_sms` multiprocessors; 0 if x is empty.
    DEEPGEMM_BOTH static int grid(const arguments& args, int num_sms) {
        return int(min(ceil_div(i64(make_params(args).units), i64(threads / 32)), i64(num_sms) * 16));
    }

protected:
    /// Every thread: calls body(row, first column) for each unit of its warp.
    template <class Body>
    DEEPGEMM_DEVICE static void for_each_unit(const params& p, const Body& body) {
        constexpr u32 warps = threads / 32;
        for (u32 unit = ptx::cta_index() * warps + ptx::warp_index(); unit < p.units;
             unit += ptx::cta_count() * warps) {
            body(i32(unit / p.units_per_row), i32(unit % p.units_per_row) * unit_columns);
        }
    }
    /// Column of the calling lane's first element in a step of the unit that begins at `column`.
    DEEPGEMM_DEVICE static i32 column_of(i32 column, int step) {
        return column + (step * 32 + i32(ptx::lane_index())) * vector;
    }
    /// Loads the calling lane's elements of the unit of row `row` that begins at `column`.
    DEEPGEMM_DEVICE static void load(const params& p, i32 row, i32 column, float (&x)[steps][vector]) {
        const arguments& a = p.args;
        DEEPGEMM_UNROLL
        for (int s = 0; s < steps; ++s) {
            const i32 at = column_of(column, s);
            load_elements<vector>(static_cast<const X*>(a.x) + row * a.x_pitch + at, a.columns - at, p.aligned, x[s]);
        }
    }
    /// The bits of the largest magnitude under a scale of `Columns` columns, of which each lane has x.
    template <int Columns>
    DEEPGEMM_DEVICE static u32 largest(const float (&x)[vector]) {
        u32 amax = smallest_amax;
        DEEPGEMM_UNROLL
        for (int i = 0; i < vector; ++i) amax = max(amax, magnitude(x[i]));
        DEEPGEMM_UNROLL
        for (int apart = Columns / vector / 2; apart > 0; apart /= 2)
            amax = max(amax, ptx::shuffle_xor(amax, u32(apart)));
        return amax;
    }
};

/// A kernel that casts X to elements of `Bits` bits with scales of several rows. A CTA takes a tile of `Rows` rows and 128
/// columns: each warp some of the rows, each lane four columns.
template <class Arguments, cast_input X, int Bits, int Rows>
struct cast_of_tiles {
    static constexpr int threads = 256, warps = threads / 32, vector = 4, tile_columns = 32 * vector;
    static constexpr int rows_per_warp = Rows / warps;
    static constexpr int map_count = 0;
    using arguments = Arguments;
    struct params {
        arguments args;
        u32 column_tiles, tiles;
        bool aligned;  ///< as vectors_aligned() says, for `vector` elements
    };

    DEEPGEMM_BOTH static params make_params(const arguments& args) {
        const u32 across = u32(ceil_div(args.columns, tile_columns));
        return {args, across, across * u32(ceil_div(args.rows, Rows)), vectors_aligned<X, Bits, vector>(args)};
    }
    /// CTAs on `num_sms` multiprocessors; 0 if x is empty.
    DEEPGEMM_BOTH static int grid(const arguments& args, int num_sms) {
        return int(min(i64(make_params(args).tiles), i64(num_sms) * 16));
    }

protected:
    using four = ptx::vec4<u32>;  ///< a word for each of a lane's columns

    /// Every thread: calls body(i, j) for each tile of its CTA, number i down and j across.
    template <class Body>
    DEEPGEMM_DEVICE static void for_each_tile(const params& p, const Body& body) {
        for (u32 tile = ptx::cta_index(); tile < p.tiles; tile += ptx::cta_count()) {
            body(i32(tile / p.column_tiles), i32(tile % p.column_tiles));
        }
    }
    /// The first row of warp `warp` in tiles number `i` down.
    DEEPGEMM_DEVICE static i32 row_of(i32 i, int warp) { return i * Rows + warp * rows_per_warp; }
    /// The first column of the calling lane in tiles number `j` across.
    DEEPGEMM_DEVICE static i32 column_of(i32 j) { return j * tile_columns + i32(ptx::lane_index()) * vector; }
    /// How many columns x has in row `row` from `column` on, at most 0 beyond its end.
    DEEPGEMM_DEVICE static i32 columns_from(const arguments& a, i32 row, i32 column) {
        return row < a.rows ? a.columns - column : 0;
    }
    /// Loads the calling lane's elements from (row, column) on, and finds the bits of the largest magnitude in each column.
    DEEPGEMM_DEVICE static void load(const params& p, i32 row, i32 column, float (&x)[rows_per_warp][vector],
                                     u32 (&amax)[vector]) {
        const arguments& a = p.args;
        DEEPGEMM_UNROLL
        for (int c = 0; c < vector; ++c) amax[c] = smallest_amax;
        DEEPGEMM_UNROLL
        for (int r = 0; r < rows_per_warp; ++r) {
            const i32 valid = columns_from(a, row + r, column);
            load_elements<vector>(static_cast<const X*>(a.x) + (row + r) * a.x_pitch + column, valid, p.aligned, x[r]);
        }
        DEEPGEMM_UNROLL
        for (int r = 0; r < rows_per_warp; ++r) {
            DEEPGEMM_UNROLL
            for (int c = 0; c < vector; ++c) amax[c] = max(amax[c], magnitude(x[r][c]));
        }
    }
};

}  // namespace deepgemm::scale::detail
