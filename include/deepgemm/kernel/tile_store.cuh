// SPDX-License-Identifier: MIT
// The end of a tile: the totals of the warps that store it are scaled if their scales hold for all of K, and go batch by batch
// through the epilogue's steps to staging buffers, and from there to D. A warp or a warpgroup owns the buffers, and each owner
// stores its own rows.
#pragma once

#include <deepgemm/kernel/storage.cuh>
#include <deepgemm/kernel/total_scales.cuh>
#include <deepgemm/mma/fragment.cuh>
#include <deepgemm/pipeline/roles.cuh>
#include <deepgemm/schedule/schedule.cuh>

namespace deepgemm {

/// Stores one tile after another for the owner of some staging buffers. `Gemm` names the parts: storage, roles, epilogue, the
/// role that stores, and its totals, which it gives out batch by batch (`take`).
template <class Gemm>
struct tile_store {
    using storage = typename Gemm::storage;
    using output = typename storage::output;
    using element = typename Gemm::element;
    using results = typename Gemm::results;
    using steps = typename Gemm::steps;
    using map = typename Gemm::fragment;
    using storing = typename Gemm::storing;
    using params = typename Gemm::params;
    using cta = typename Gemm::cta;
    using barriers = typename Gemm::barriers;
    using totals = typename Gemm::totals;
    static constexpr bool bounded = Gemm::tiles::bounded;
    static constexpr bool shares_fragment = requires { requires Gemm::shares_fragment; };

    output out;
    int first_row;  ///< of the owner in a tile
    total_scales<Gemm> scales{};

    /// Called by all threads of a warpgroup that stores, once; `first_row` is its first row in a tile.
    DEEPGEMM_DEVICE static tile_store of(const storage& smem, int first_row) {
        const u32 owner = Gemm::stages_by_warp ? cta::warp(storing{}) : cta::warpgroup(storing{});
        // Computed to be uniform: TMA takes coordinates from uniform registers, and for others the compiler makes a loop over
        // lanes.
        const int part = int(ptx::uniform(fragment_place<map>::here().row / output::rows));
        return {{smem.at(regions::staging{}, owner), smem.at(regions::c_barriers{}, owner),
                 barriers::number_of(meetings::staging{}, owner)},
                first_row + part * output::rows};
    }

    /// True if the owner has rows of a tile. For a schedule that is not bounded it always is; TMA then drops rows beyond D.
    template <work_tile Tile>
    DEEPGEMM_DEVICE bool reaches(const Tile& tile) const {
        if constexpr (shares_fragment) {
            if (Gemm::shares(tile)) return true;
        }
        return reaches(tile.m + first_row, tile.end());
    }
    /// The owner's threads, before they sum up a tile: starts to load its scales, if they hold for all of K.
    template <work_tile Tile>
    DEEPGEMM_DEVICE void expect(const params& p, const Tile& tile) {
        if constexpr (total_scales<Gemm>::apply)
            scales.load(p, tile, first_row + fragment_place<map>::here().row % output::rows);
    }
    /// The owner's threads: starts to fetch the first batch of C, if the kernel accumulates; the tile must reach the owner's
    /// rows.
    template <work_tile Tile>
    DEEPGEMM_DEVICE void fetch(const params& p, const Tile& tile) {
        results::fetch(p.d, out, tile.m + first_row, d_column(tile.n), tile.matrix());
    }
    /// The owner's threads: stores their rows of a tile, which must reach them. If a tile may end above some fragments, each
    /// fragment is stored by itself, else all together.
    template <work_tile Tile>
    DEEPGEMM_DEVICE void put(const params& p, const totals& total, const Tile& tile) {
        const i32 m = tile.m + first_row;
        const result_end end = tile.end(), d_end{end.m, d_column(end.n)};
        result_matrix matrix{end, tile.matrix(), tile.b(0).matrix};
        if constexpr (requires { tile.gap(p.shape); }) matrix.gap = tile.gap(p.shape);
        const auto edge = results::edge(p.d, tile.matrix(), d_end);
        const bool cut = output::cuts(d_end, tile.m + Gemm::block.m, d_column(tile.n + Gemm::block.n));
        constexpr int together = bounded ? 1 : Gemm::waves;
        if constexpr (results::scatters && bounded) {
            if (tile.blocks().count == 0) return;  // rows of no group, whose entries in the list must not be read
        }
        DEEPGEMM_UNROLL
        for (int wave = 0; wave < Gemm::waves; wave += together) {
            const i32 row = m + wave * Gemm::wave_rows;
            if constexpr (shares_fragment) {
                if (wave != 0 && Gemm::shares(tile)) {
                    if (cut) {
                        put_shared<true>(p, edge, total, m, tile, matrix);
                    } else {
                        put_shared<false>(p, edge, total, m, tile, matrix);
                    }
                    continue;
                }
            }
            if (!reaches(row, end)) continue;
            if (cut || !reaches(row + output::rows - 1, end)) {
                put_rows<true>(p, edge, total, wave, together, m, tile, matrix);
            } else {
                put_rows<false>(p, edge, total, wave, together, m, tile, matrix);
            }
        }
        signal(p, tile);
    }
    /// The owner's threads: waits until all copies have read shared memory, so that the CTA may end.
    DEEPGEMM_DEVICE void finish() const { out.finish(); }

private:
    /// The owner's threads, once they have stored their rows of a tile: tells an epilogue that wants to hear of tiles. Those
    /// beyond D, which clusters have at its edge, are no tiles.
    template <work_tile Tile>
    DEEPGEMM_DEVICE void signal(const params& p, const Tile& tile) const {
        if constexpr (epilogue_concept::hears_of_tiles<steps>) {
            const result_end end = tile.end();
            i32 rows = 0;
            DEEPGEMM_UNROLL
            for (int wave = 0; wave < Gemm::waves; ++wave)
                rows += max(0, min(end.m - (tile.m + first_row + wave * Gemm::wave_rows), output::rows));
            if (rows == 0 || tile.n >= end.n) return;
            if (out.complete())
                steps::signal(p.epilogue, {tile.m / Gemm::block.m, tile.n / Gemm::block.n, tile.matrix()}, u32(rows));
            ptx::sync_warp();
        }
    }

    DEEPGEMM_DEVICE static bool reaches(i32 m, result_end end) { return !bounded || m < end.m; }

    /// The column of D that column `n` of the product becomes, where a tile begins or the product ends.
    DEEPGEMM_BOTH static constexpr i32 d_column(i32 n) { return steps::columns_after(n); }

    /// Takes half of the columns of the tile's second fragment, of which this warpgroup has summed up those on its own side in the
    /// first half of its second totals.
    template <bool Ragged, work_tile Tile>
    DEEPGEMM_DEVICE void put_shared(const params& p, const typename results::destination& edge, const totals& total,
                                    i32 m, const Tile& tile, const result_matrix& matrix) {
        constexpr int per_buffer = output::buffer::registers, columns = storage::taken_columns;
        const int batch = first_row < Gemm::block.m / 2 ? 0 : 1;
        const i32 row = m + (batch == 0 ? Gemm::wave_rows : -Gemm::wave_rows);
        result_fragment<map, columns> sums{
            {}, fragment_place<map>::here().in(output::rows, row, tile.n + batch * columns), matrix};
        Gemm::take(total, 1, 0, sums.value);
        const result_fragment<map, output::batch_columns> stored = steps::apply(p.epilogue, sums);
        float value[output::batch][per_buffer];
        DEEPGEMM_UNROLL
        for (int j = 0; j < output::registers; ++j) value[j / per_buffer][j % per_buffer] = stored.value[j];
        out.template put<Ragged>(p.d.d, edge, value, row, d_column(tile.n) + batch * output::batch_columns, matrix.d);
    }

    /// Takes `count` fragments of the owner's rows of `tile`, from number `first` on, block.n totals each, batch by batch
    /// through the epilogue's steps to D. `Ragged` if D ends inside them where TMA cannot clip it.
    template <bool Ragged, work_tile Tile>
    DEEPGEMM_DEVICE void put_rows(const params& p, const typename results::destination& edge, const totals& total,
                                  int first, int count, i32 m, const Tile& tile, const result_matrix& matrix) {
        const auto here = fragment_place<map>::here();
        const i32 n = tile.n;
        constexpr int batches = storage::batches, per_buffer = output::buffer::registers;
        constexpr int columns = storage::taken_columns;  // of a batch, before the steps
        constexpr int registers = fragment_registers<map>(columns);
        DEEPGEMM_UNROLL
        for (int i = first * batches; i < (first + count) * batches; ++i) {
            const int wave = i / batches, batch = i % batches;
            const i32 row = m + wave * Gemm::wave_rows, column = d_column(n) + batch * output::batch_columns;
            result_fragment<map, columns> sums{{}, here.in(output::rows, row, n + batch * columns), matrix};
            Gemm::take(total, wave, batch * registers, sums.value);
            if constexpr (total_scales<Gemm>::apply) scales.multiply(p, tile, sums.value, wave, batch * columns / 8);
            const result_fragment<map, output::batch_columns> stored = steps::apply(p.epilogue, sums);
            float value[output::batch][per_buffer];
            DEEPGEMM_UNROLL
            for (int j = 0; j < output::registers; ++j) value[j / per_buffer][j % per_buffer] = stored.value[j];
            bool done = false;
            if constexpr (constexpr int unit = line_columns_of<output>; Ragged && bounded && unit != 0) {
                done = edge.end.n % unit == 0;  // only rows of D end here, or columns where TMA could clip them
                if (done) out.put_lines(edge, value, row, column);
            }
            if (!done) out.template put<Ragged>(p.d.d, edge, value, row, column, matrix.d);
            const int next = i + 1;
            const i32 next_row = m + next / batches * Gemm::wave_rows;
            if (next < Gemm::waves * batches && reaches(next_row, matrix.end))
                results::fetch(p.d, out, next_row, d_column(n) + next % batches * output::batch_columns, matrix.d);
        }
    }
};

}  // namespace deepgemm
