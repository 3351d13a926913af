// SPDX-License-Identifier: MIT
// The end of a product whose K blocks CTAs share over the whole grid, as those of schedule/summed.cuh: every CTA keeps the totals of
// its tiles in global memory, waits until all CTAs have, and adds up its share of D over the parts, in their order. So the sum
// does not depend on timing. It stays in L2, in the order of registers, and no CTA adds more than others.
#pragma once

#include <deepgemm/epilogue/epilogue.cuh>
#include <deepgemm/kernel/storage.cuh>
#include <deepgemm/mma/fragment.cuh>
#include <deepgemm/pipeline/roles.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/vector.cuh>
#include <deepgemm/ptx/warp.cuh>
#include <deepgemm/ptx/word.cuh>
#include <deepgemm/schedule/summed.cuh>

namespace deepgemm {

/// True if CTAs of schedule `Tiles` sum parts of tiles, which are added up at the end.
template <class Tiles>
inline constexpr bool adds_parts = grouping_of<Tiles>() == grouping::summed;

/// Keeps and adds totals for the math warps. `Gemm` names the parts: storage, roles, mma, results, tiles.
template <class Gemm>
struct parts_sum {
    using tiles = typename Gemm::tiles;
    using mma = typename Gemm::mma;
    using map = typename mma::fragment;
    using cta = typename Gemm::cta;
    using barriers = typename Gemm::barriers;
    using params = typename Gemm::params;
    using totals = typename Gemm::totals;
    using piece = ptx::vec2<float>;                    ///< totals that a thread moves at once: two neighbours in a row
    static constexpr int pieces = mma::registers / 2;  ///< of a thread in a fragment
    static constexpr int slices = Gemm::block.m / map::warp_rows;  ///< of a tile, each the rows of a warp in a fragment
    static constexpr int at_once = 24;  ///< loads under way in a thread, in registers that held totals

    const tiles& work;
    u32 warp;  ///< of the calling warp among the math warps

    /// Converged warp: keeps the totals of a tile of a part, whose first row in the tile is `first_row` for the warpgroup.
    DEEPGEMM_DEVICE void keep(const totals& total, const typename Gemm::work_item& tile, int first_row) const {
        DEEPGEMM_UNROLL
        for (int wave = 0; wave < Gemm::waves; ++wave) {
            const int slice = first_row / map::warp_rows + wave * 4 + int(warp % 4);
            piece* const to = place(tile.item, slice, 0);
            const float(&t)[mma::registers] = total[wave];
            DEEPGEMM_UNROLL
            for (int i = 0; i < pieces; ++i) ptx::st_global(to + i * 32, piece{t[2 * i], t[2 * i + 1]});
        }
    }

    /// All math warps of all CTAs, once: adds up all tiles and stores D.
    DEEPGEMM_DEVICE void finish(const params& p) const {
        meet();
        const i32 tiles_of_d = work.raster.count(), ctas = i32(ptx::cta_count());
        const int lane = int(ptx::lane_index());
        for (i32 unit = i32(ptx::cta_index()) + ctas * i32(warp); unit < tiles_of_d * slices * pieces;
             unit += ctas * cta::warps_of(roles::math{})) {
            const i32 i = unit % pieces, slice = unit / pieces % slices, tile = unit / (pieces * slices);
            const grid_coord at = work.raster.at(tile);
            const i32 row = at.m * Gemm::block.m + slice * map::warp_rows + map::row(lane, 2 * i),
                      column = at.n * Gemm::block.n + map::column(lane, 2 * i);
            const auto edge = Gemm::results::edge(p.d, 0, {work.shape.m, work.shape.n});
            const element_pair before = held(edge, row, column);  // on its way while the parts are
            const piece sum = over_parts(tile, slice, i);
            edge.template store<false>(sum.x + before.x, sum.y + before.y, row, column);
        }
    }

private:
    /// Where the calling lane's piece `i` of a slice lies.
    DEEPGEMM_DEVICE piece* place(i32 item, int slice, int i) const {
        return reinterpret_cast<piece*>(work.workspace + summed_batch::head_bytes) +
               ((i64(item) * slices + slice) * pieces + i) * 32 + ptx::lane_index();
    }

    /// Two elements of D that the sum is added to; zeros where it is not, and beyond D.
    template <class Edge>
    DEEPGEMM_DEVICE static element_pair held(const Edge& edge, i32 row, i32 column) {
        element_pair pair{0.0f, 0.0f};
        if constexpr (Gemm::traits.in_place) {
            const float* const d = edge.d + edge.layout.offset(row, column);
            if (row < edge.end.m && column < edge.end.n) pair.x = ptx::ld_global(d);
            if (row < edge.end.m && column + 1 < edge.end.n) pair.y = ptx::ld_global(d + 1);
        }
        return pair;
    }

    /// The sum of a piece over all parts, the first one first.
    DEEPGEMM_DEVICE piece over_parts(i32 tile, int slice, int i) const {
        const piece* const first = place(tile, slice, i);
        const i64 stride = i64(work.raster.count()) * slices * pieces * 32;
        piece sum{0.0f, 0.0f};
        DEEPGEMM_NO_UNROLL
        for (i32 part = 0; part < work.parts; part += at_once) {
            piece next[at_once];
            DEEPGEMM_UNROLL
            for (int j = 0; j < at_once; ++j)
                next[j] = part + j < work.parts ? ptx::ld_global(first + (part + j) * stride) : piece{0.0f, 0.0f};
            DEEPGEMM_UNROLL
            for (int j = 0; j < at_once; ++j) {
                sum.x += next[j].x;
                sum.y += next[j].y;
            }
        }
        return sum;
    }

    /// All math warps of the grid wait for each other; what each has stored before, all see after. The words in which they meet are
    /// zeros before and after.
    DEEPGEMM_DEVICE void meet() const {
        u32* const arrived = reinterpret_cast<u32*>(work.workspace);
        u32* const left = arrived + 1;
        const u32 all = ptx::cta_count();
        barriers::sync(meetings::parts{});
        if (warp == 0 && ptx::lane_index() == 0) {
            ptx::add_release<memory_scope::gpu>(arrived, 1);
            while (ptx::ld_acquire<memory_scope::gpu>(arrived) != all) {
            }
            if (ptx::atomic_add_acq_rel<memory_scope::gpu>(left, 1) == all - 1) {  // no CTA reads the words any more
                ptx::st_relaxed<memory_scope::gpu>(arrived, 0);
                ptx::st_relaxed<memory_scope::gpu>(left, 0);
            }
        }
        barriers::sync(meetings::parts{});
    }
};

}  // namespace deepgemm
