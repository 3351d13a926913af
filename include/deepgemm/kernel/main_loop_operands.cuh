// SPDX-License-Identifier: MIT
// What a math warpgroup reads for the multiplies of a tile: operands and their scales, stage after stage. main_loop.cuh
// multiplies and adds up.
#pragma once

#include <deepgemm/kernel/storage.cuh>
#include <deepgemm/mma/sm90/promotion.cuh>
#include <deepgemm/mma/sm90/wgmma.cuh>
#include <deepgemm/pipeline/tma_pipeline.cuh>
#include <deepgemm/ptx/registers.cuh>
#include <deepgemm/ptx/warp.cuh>
#include <deepgemm/scale/feed.cuh>
#include <deepgemm/schedule/schedule.cuh>

namespace deepgemm {

/// Operands and scales of one warpgroup. `Gemm` names the parts: storage, pipeline, mma, operands, tiles. `Source` brings A
/// from a stage to the multiply.
template <class Gemm, a_source Source>
struct main_loop_operands {
    using storage = typename Gemm::storage;
    using pipeline = typename Gemm::pipeline;
    using mma = typename Gemm::mma;
    using a_tile = typename storage::a_tile;
    using b_tile = typename storage::b_tile;
    using map = sm90::rows_of<Source>;  ///< of the sums, until they are complete
    using a_feed = scale::row_feed<typename Gemm::a_scale, Gemm::waves, storage::a_groups, map>;
    using b_feed = scale::column_feed<typename Gemm::b_scale, b_tile::rows>;
    using a_fragment = typename Source::fragment;
    using totals = typename Gemm::totals;
    static constexpr int parts = Gemm::column_parts;  ///< of the columns of a tile, in totals one after another

    const pipeline& pipe;
    Source a_rows;    ///< this warpgroup's rows of A, in stage 0
    u64 b_rows;       ///< descriptor of B in stage 0
    u32 a_scales;     ///< shared address of the scale of this thread's first row in stage 0, if they are staged
    u32 b_scales;     ///< shared address of the scales of B in stage 0, if they are staged
    int row, column;  ///< of this thread's first register in a tile
    typename pipeline::cursor at{};
    u32 before = 0;     ///< bytes in a stage before the scales of A of the tile
    u32 scales_at = 0;  ///< bytes from there to the scales of A of this K block
    a_feed rows{};
    b_feed columns{};

    /// Converged warps: starts with `tile` of a product of `shape`.
    template <work_tile Tile>
    DEEPGEMM_DEVICE void start(const typename Gemm::params& p, const problem_shape& shape, const Tile& tile) {
        const i32 first = tile.blocks().first;
        const operand_place a = tile.a(first), b = tile.b(first);
        rows.start(p.a.scale, {a.row + row, shape.m, shape.k, Gemm::a_stream::scale_words(p.a, a.matrix)},
                   a_index(first), storage::sa_bytes);
        if constexpr (Gemm::a_stream::any_row) {
            const u32 now = u32(Gemm::a_stream::before(a.row)) * u32(sizeof(u32));
            a_scales += now - before;
            before = now;
        }
        columns.start(p.b.scale, {b.row, shape.n, shape.k, Gemm::b_stream::scale_words(p.b, b.matrix)}, b_index(first));
    }

    /// Any thread: passes over `blocks` of a tile that other warpgroups take.
    DEEPGEMM_DEVICE void pass_over(block_range blocks) {
        pipe.pass_over(at, blocks.count);
        pass_scales(blocks);
    }

protected:
    /// Any thread: the same for scales, which some threads load themselves.
    DEEPGEMM_DEVICE void pass_scales(block_range blocks) {
        if (blocks.count == 0) return;
        const i32 first = a_index(blocks.first);
        rows.pass_over(first, a_index(blocks.first + blocks.count - 1) - first + 1);
    }

    /// Converged warps: brings what operands of any stage follow from to uniform registers, where multiplies want it.
    DEEPGEMM_DEVICE void hold_descriptors() {
        b_rows = sm90::in_uniform_registers(b_rows);
        if constexpr (!Source::holds_registers) a_rows.descriptor = sm90::in_uniform_registers(a_rows.descriptor);
    }

    /// Operands of the current stage: this warpgroup's rows of `wave`, (mma::m, block.k) of A, and the descriptor of part
    /// `part` of B, (mma::n, block.k).
    DEEPGEMM_DEVICE a_fragment a(int wave) const { return a_rows.load(at.stage * a_tile::bytes, wave * mma::m); }
    DEEPGEMM_DEVICE u64 b(int part = 0) const {
        return sm90::advance(b_rows, at.stage * b_tile::bytes + u32(part) * mma::n * b_tile::bytes_per_row);
    }

    /// The number of the scale of A, or of B, for a K block.
    DEEPGEMM_DEVICE static i32 a_index(i32 block) {
        return scale::index_of_block<typename Gemm::a_scale, mma::k>(block);
    }
    DEEPGEMM_DEVICE static i32 b_index(i32 block) {
        return scale::index_of_block<typename Gemm::b_scale, mma::k>(block);
    }

    /// The scales of A for a block in the current stage. Blocks must be asked for in order.
    DEEPGEMM_DEVICE sm90::row_scales a_scale(int wave, i32 block) {
        if (wave == 0) scales_at = rows.next(at.stage, storage::sa_bytes);
        return rows.at(wave, a_index(block), a_scales + scales_at);
    }
    /// The same for the fragment that begins `away` rows after this warpgroup's first one; a_scale() comes first.
    DEEPGEMM_DEVICE sm90::row_scales a_scale_away(u32 away, i32 block) {
        return rows.at(0, a_index(block), a_scales + scales_at + away * a_feed::row_bytes);
    }
    /// While `block` is multiplied: the one after it comes next.
    DEEPGEMM_DEVICE void expect_scales_after(i32 block) { rows.expect(a_index(block + 1), storage::sa_bytes); }
    /// The scales of B for a block in the current stage. Blocks must be asked for in order.
    DEEPGEMM_DEVICE auto b_scale(i32 block) {
        return columns.at(b_index(block), b_scales + at.stage * storage::sb_bytes, column);
    }

    /// Converged warps: gives a stage back. Warps that copy scales write the next ones with ordinary stores, so the reads of
    /// all lanes must come before the arrival of one.
    DEEPGEMM_DEVICE void release(typename pipeline::cursor stage) const {
        if constexpr (scale::any_copied<typename Gemm::a_scale, typename Gemm::b_scale>) ptx::sync_warp();
        pipe.release(stage);
    }
    /// Releases a stage whose scales went into `total`. The sums come first, because a load that is still under way has not
    /// read the stage.
    DEEPGEMM_DEVICE void release_read(float (&total)[mma::registers], typename pipeline::cursor stage) const {
        ptx::fence_operand(total);
        release(stage);
    }

    /// The scales of B that all fragments of a block share: in registers, if there are several fragments and registers for the
    /// scales.
    template <class BScale>
    DEEPGEMM_DEVICE static auto shared_scales(const BScale& sb) {
        if constexpr (Gemm::holds_scales) {
            return sb.template held<mma::registers>();
        } else {
            return sb;
        }
    }

    /// The scales of B for one part of the columns.
    template <class BScale>
    DEEPGEMM_DEVICE static auto part_of(const BScale& sb, int part) {
        if constexpr (parts == 1) {
            return sb;
        } else {
            return sb.template part<parts>(part);
        }
    }

    /// The products of scales for one multiply: formed during the multiply if there are registers for them, else at promotion.
    template <class BScale>
    DEEPGEMM_DEVICE static auto products_of(const BScale& sb, sm90::row_scales sa) {
        if constexpr (Gemm::holds_scales) {
            return sb.late(sa.formed());
        } else if constexpr (!scale::in_stage(Gemm::b_scale::via) || Gemm::keeps_products) {
            return sb.template times<mma::registers>(sa).formed();
        } else {
            return sb.template kept_or_late<mma::registers>(sa);
        }
    }
};

}  // namespace deepgemm
