// SPDX-License-Identifier: MIT
// Scales that hold for all of K: one for each row of an operand, or one for the whole operand. They multiply the totals of a
// tile once, before anything else is done with these: total *= sa(m) * sb(n). Threads of the epilogue read them from global
// memory. The loads begin during the main loop: each thread holds the scales of its rows, and those of columns wait in the
// first cache, since a thread needs too many of them to hold.
#pragma once

#include <deepgemm/mma/sm90/fragment.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/registers.cuh>
#include <deepgemm/ptx/vector.cuh>
#include <deepgemm/ptx/warp.cuh>
#include <deepgemm/scale/feed.cuh>

namespace deepgemm {

namespace scale {

/// The scales of one operand from the first row of a tile on: that of row `i` is first[i * stride], for `rows` rows. Rows beyond
/// never reach D, and may have any of them. If there are no rows every scale is 1.
struct tile_scales {
    const float* first;
    i64 stride;
    i32 rows;

    /// Those of a tile that starts at row `row` of matrix `matrix_words` words after the first one, where `rows` rows follow.
    template <class Scale>
    DEEPGEMM_DEVICE static tile_scales of(const params<Scale>& p, i64 matrix_words, i32 row, i32 rows) {
        if constexpr (Scale::via == route::epilogue) {
            static_assert(Scale::format::kind == scale_kind::fp32);
            const auto* const words = reinterpret_cast<const float*>(p.words.words);
            const i64 stride = Scale::tile.mn == scale_tile::all ? 0 : p.words.stride_mn;
            return {words + matrix_words + row * stride, stride, words == nullptr ? 0 : rows};
        } else {
            return {nullptr, 0, 0};
        }
    }

    DEEPGEMM_DEVICE float at(i32 row) const {
        return rows > 0 ? ptx::ld_global_nc(first + i64(min(row, rows - 1)) * stride) : 1.0f;
    }

    /// Those of a thread's columns of a fragment, two in each group of eight, of which `column` is the first; `whole` says that
    /// there are so many. Branches are the same for all threads, and loads do not wait for each other.
    template <int Groups>
    DEEPGEMM_DEVICE void read(float (&to)[Groups][2], i32 column, bool whole) const {
        if (stride == 0 || rows <= 0) {
            const float all = at(0);
            DEEPGEMM_UNROLL
            for (auto& pair : to) pair[0] = pair[1] = all;
        } else if (whole && stride == 1 && reinterpret_cast<u64>(first) % 8 == 0) {
            DEEPGEMM_UNROLL
            for (int i = 0; i < Groups; ++i) {
                const auto pair = ptx::ld_global_nc(reinterpret_cast<const ptx::vec2<float>*>(first + column + 8 * i));
                to[i][0] = pair.x;
                to[i][1] = pair.y;
            }
        } else {
            DEEPGEMM_UNROLL
            for (int i = 0; i < Groups; ++i) {
                DEEPGEMM_UNROLL
                for (int j = 0; j < 2; ++j)
                    to[i][j] = ptx::ld_global_nc(first + i64(min(column + 8 * i + j, rows - 1)) * stride);
            }
        }
    }
};

}  // namespace scale

/// The scales of one tile after another for the owner of some staging buffers. `Gemm` names operands and their streams.
template <class Gemm>
struct total_scales {
    using map = sm90::wgmma_rows;
    using a_scale = typename Gemm::a_scale;
    using b_scale = typename Gemm::b_scale;
    /// True if there are any.
    static constexpr bool apply = a_scale::via == scale::route::epilogue || b_scale::via == scale::route::epilogue;

    float of_rows[Gemm::waves][map::thread_rows];
    float touched;  ///< one of the columns' scales

    /// The owner's threads, during the main loop of `tile`: starts to load. `row` is the thread's first one in the tile.
    template <class Params, class Tile>
    DEEPGEMM_DEVICE void start(const Params& p, const Tile& tile, i32 row) {
        const scale::tile_scales a = rows_of(p, tile), b = columns_of(p, tile);
        DEEPGEMM_UNROLL
        for (int wave = 0; wave < Gemm::waves; ++wave) {
            DEEPGEMM_UNROLL
            for (int j = 0; j < map::thread_rows; ++j)
                of_rows[wave][j] = a.at(row + wave * map::rows + map::thread_row(j));
        }
        touched = b.at(min(i32(ptx::lane_index()) * 32, Gemm::block.n - 1));  // one in each line of 128 bytes
    }

    /// The owner's threads: multiplies what a thread holds of some columns of fragment `wave`; `column` is its first column in
    /// the tile.
    template <class Params, class Tile, int Registers>
    DEEPGEMM_DEVICE void multiply(const Params& p, const Tile& tile, float (&total)[Registers], int wave,
                                  i32 column) const {
        float of_columns[Registers / 4][2];
        const scale::tile_scales columns = columns_of(p, tile);
        columns.read(of_columns, column, columns.rows >= Gemm::block.n);
        DEEPGEMM_UNROLL
        for (int i = 0; i < Registers; ++i) total[i] *= of_rows[wave][map::thread_row_of(i)] * of_columns[i / 4][i % 2];
    }

    /// The owner's threads, once the totals are there: ends the load of start() that nobody waits for else.
    DEEPGEMM_DEVICE void finish() const { static_cast<void>(ptx::keep(touched)); }

private:
    // Without K there may be no scales, and totals are zero.
    template <class Params, class Tile>
    DEEPGEMM_DEVICE static scale::tile_scales rows_of(const Params& p, const Tile& tile) {
        const operand_place at = tile.a(0);
        return scale::tile_scales::of<a_scale>(p.a.scale, Gemm::a_stream::scale_words(p.a, at.matrix), at.row,
                                               p.shape.k == 0 ? 0 : tile.end().m - tile.m);
    }
    template <class Params, class Tile>
    DEEPGEMM_DEVICE static scale::tile_scales columns_of(const Params& p, const Tile& tile) {
        const operand_place at = tile.b(0);
        return scale::tile_scales::of<b_scale>(p.b.scale, Gemm::b_stream::scale_words(p.b, at.matrix), at.row,
                                               p.shape.k == 0 ? 0 : tile.end().n - tile.n);
    }
};

/// No scales that hold for all of K.
template <class Gemm>
    requires(Gemm::a_scale::via != scale::route::epilogue && Gemm::b_scale::via != scale::route::epilogue)
struct total_scales<Gemm> {
    static constexpr bool apply = false;
};

}  // namespace deepgemm
