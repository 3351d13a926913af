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
    static constexpr int at_once = 48;  ///< loads under way in a thread, in registers that held totals

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
        const i32 units = work.raster.count() * slices * pieces, ctas = i32(ptx::cta_count());
        const i32 first = i32(ptx::cta_index()) + ctas * i32(warp);
        const auto edge = Gemm::results::edge(p.d, 0, {work.shape.m, work.shape.n});
        element_pair before{0.0f, 0.0f};
        if (first < units) before = held(edge, first);  // often in memory and not in L2: on its way while CTAs meet
        meet();
        if (warp == u32(cta::warps_of(roles::math{})) - 1) leave();  // often a warp that has nothing to add
        for (i32 unit = first; unit < units; unit += ctas * cta::warps_of(roles::math{})) {
            if (unit != first) before = held(edge, unit);
            const piece sum = over_parts(unit / (pieces * slices), unit / pieces % slices, unit % pieces);
            const grid_coord at = place_in_d(unit);
            edge.template store<false>(sum.x + before.x, sum.y + before.y, at.m, at.n);
        }
    }

private:
    /// Where the calling lane's piece `i` of a slice lies.
    DEEPGEMM_DEVICE piece* place(i32 item, int slice, int i) const {
        return reinterpret_cast<piece*>(work.workspace + summed_batch::head_bytes) +
               ((i64(item) * slices + slice) * pieces + i) * 32 + ptx::lane_index();
    }

    /// Row and column of the calling lane's first element of D in piece `unit` of all.
    DEEPGEMM_DEVICE grid_coord place_in_d(i32 unit) const {
        const i32 i = unit % pieces, slice = unit / pieces % slices;
        const grid_coord at = work.raster.at(unit / (pieces * slices));
        const int lane = int(ptx::lane_index());
        return {at.m * Gemm::block.m + slice * map::warp_rows + map::row(lane, 2 * i),
                at.n * Gemm::block.n + map::column(lane, 2 * i)};
    }

    /// Two elements of D that piece `unit` is added to; zeros where it is not, and beyond D.
    template <class Edge>
    DEEPGEMM_DEVICE element_pair held(const Edge& edge, i32 unit) const {
        element_pair pair{0.0f, 0.0f};
        if constexpr (Gemm::traits.in_place) {
            const grid_coord at = place_in_d(unit);
            const i32 row = at.m, column = at.n;
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

    /// The word in which CTAs count that they have arrived, and behind it the one in which they count that they have seen all others
    /// arrive. Both are zeros before the kernel and after it.
    DEEPGEMM_DEVICE u32* arrived() const { return reinterpret_cast<u32*>(work.workspace); }
    DEEPGEMM_DEVICE u32* seen() const { return arrived() + 1; }

    /// All math warps of the grid wait for each other; what each has stored before, all see after.
    DEEPGEMM_DEVICE void meet() const {
        barriers::sync(meetings::parts{});
        if (warp == 0 && ptx::lane_index() == 0) {
            ptx::add_release<memory_scope::gpu>(arrived(), 1);
            while (ptx::ld_acquire<memory_scope::gpu>(arrived()) != ptx::cta_count()) {
            }
        }
        barriers::sync(meetings::parts{});
    }
    /// One warp of each CTA, after meet(): the last one of the grid sets the words to zero again. Nobody waits for that.
    DEEPGEMM_DEVICE void leave() const {
        if (ptx::lane_index() != 0) return;
        if (ptx::atomic_add_acq_rel<memory_scope::gpu>(seen(), 1) == ptx::cta_count() - 1) {
            ptx::st_relaxed<memory_scope::gpu>(arrived(), 0);
            ptx::st_relaxed<memory_scope::gpu>(seen(), 0);
        }
    }
};

}  // namespace deepgemm
