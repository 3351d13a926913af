// SPDX-License-Identifier: MIT
// Scales that hold for all of K: one for each row of an operand, or one for the whole operand. They multiply the totals of a
// tile once, before anything else is done with these: total *= sa(m) * sb(n). On Hopper the warps that hold totals load them
// before the main loop, which hides that however short K is. A thread needs the scales of a quarter of a tile's columns, too
// many to hold; so the lanes of a warp share them out, and hand them to each other: loads from the first cache take twice the
// time of that. On Blackwell all lanes need the same column at the same time, so one load of the first cache serves a warp.
#pragma once

#include <deepgemm/mma/sm100/fragment.cuh>
#include <deepgemm/mma/sm90/fragment.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/warp.cuh>
#include <deepgemm/scale/feed.cuh>

namespace deepgemm {

namespace scale {

/// The scales of one operand from the first row of a tile on: that of row `i` is first[i * stride], for `rows` rows. Rows
/// beyond never reach D, and may have any of them. If there are no rows every scale is 1.
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
    /// True if all rows have the same one.
    DEEPGEMM_DEVICE bool uniform() const { return stride == 0 || rows <= 0; }
};

}  // namespace scale

namespace detail {

/// Where the scales of a tile are, for kernels that have some. `Gemm` names operands and their streams.
template <class Gemm>
struct scales_of_totals {
    using a_scale = typename Gemm::a_scale;
    using b_scale = typename Gemm::b_scale;
    static constexpr bool apply = true;

protected:
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

/// True for kernels that have scales which hold for all of K.
template <class Gemm>
concept scales_totals = Gemm::a_scale::via == scale::route::epilogue || Gemm::b_scale::via == scale::route::epilogue;

}  // namespace detail

/// The scales of one tile for the owner of some staging buffers; none.
template <class Gemm>
struct total_scales {
    static constexpr bool apply = false;
};

/// The same of totals in fragments of wgmma.
template <detail::scales_totals Gemm>
    requires same_as<typename Gemm::fragment, sm90::wgmma_rows>
struct total_scales<Gemm> : detail::scales_of_totals<Gemm> {
    using map = sm90::wgmma_rows;

    /// Groups of eight columns in a tile, and how many of them a lane loads, two columns in each.
    static constexpr int groups = Gemm::block.n / 8, held = ceil_div(groups, 8);

    float of_rows[Gemm::waves][map::thread_rows];
    float of_columns[held][2];  ///< of columns 8 g + 2 (lane % 4) and the next, for groups g = 8 i + lane / 4

    /// Converged warp: starts to load those of `tile`. `row` is the thread's first one in the tile.
    template <class Params, class Tile>
    DEEPGEMM_DEVICE void load(const Params& p, const Tile& tile, i32 row) {
        const scale::tile_scales a = total_scales::rows_of(p, tile), b = total_scales::columns_of(p, tile);
        DEEPGEMM_UNROLL
        for (int wave = 0; wave < Gemm::waves; ++wave) {
            DEEPGEMM_UNROLL
            for (int j = 0; j < map::thread_rows; ++j)
                of_rows[wave][j] = a.at(row + wave * map::rows + map::thread_row(j));
        }
        const i32 lane = i32(ptx::lane_index()), column = lane / 4 * 8 + lane % 4 * 2;
        DEEPGEMM_UNROLL
        for (int i = 0; i < held; ++i) {
            of_columns[i][0] = b.at(column + 64 * i);
            of_columns[i][1] = b.at(column + 64 * i + 1);
        }
    }

    /// Converged warp: multiplies what it holds of fragment `wave` from group `first` of eight columns on.
    template <class Params, class Tile, int Registers>
    DEEPGEMM_DEVICE void multiply(const Params& p, const Tile& tile, float (&total)[Registers], int wave,
                                  int first) const {
        const auto apply_to = [&](int group, const float(&columns)[2]) {
            DEEPGEMM_UNROLL
            for (int i = 4 * group; i < 4 * group + 4; ++i)
                total[i] *= of_rows[wave][map::thread_row_of(i)] * columns[i % 2];
        };
        if (total_scales::columns_of(p, tile).uniform()) {
            DEEPGEMM_UNROLL
            for (int group = 0; group < Registers / 4; ++group) apply_to(group, of_columns[0]);
        } else {
            DEEPGEMM_UNROLL
            for (int group = 0; group < Registers / 4; ++group) {
                const int from = first + group;
                const u32 lane = u32(from % 8 * 4) | ptx::lane_index() % 4;
                const float columns[2] = {ptx::shuffle(of_columns[from / 8][0], lane),
                                          ptx::shuffle(of_columns[from / 8][1], lane)};
                apply_to(group, columns);
            }
        }
    }
};

/// The same of totals in tensor memory, of which a thread takes a row.
template <detail::scales_totals Gemm>
    requires same_as<typename Gemm::fragment, sm100::lane_rows>
struct total_scales<Gemm> : detail::scales_of_totals<Gemm> {
    float of_row;

    /// Converged warp: starts to load that of the thread's row, row `row` of `tile`.
    template <class Params, class Tile>
    DEEPGEMM_DEVICE void load(const Params& p, const Tile& tile, i32 row) {
        of_row = total_scales::rows_of(p, tile).at(row);
    }

    /// Converged warp: multiplies what it holds of the row from group `first` of eight columns on.
    template <class Params, class Tile, int Registers>
    DEEPGEMM_DEVICE void multiply(const Params& p, const Tile& tile, float (&total)[Registers], int /*wave*/,
                                  int first) const {
        const scale::tile_scales columns = total_scales::columns_of(p, tile);
        DEEPGEMM_UNROLL
        for (int i = 0; i < Registers; ++i) total[i] *= of_row * columns.at(first * 8 + i);
    }
};

}  // namespace deepgemm
