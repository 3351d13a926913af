// SPDX-License-Identifier: MIT
// The main loop of a math warpgroup: totals(rows, n) = sum over K blocks of sa sb (A block x B block). Blocks are promoted at
// once or one block later; without scales the tensor cores sum alone. Only a barrier, two loads and one multiply-add for each
// total remain between two multiplies; all else is prepared while the tensor cores run. docs/hardware/promotion.md gives the
// reasons.
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

/// Sums up one tile after another for one warpgroup. `Gemm` names the parts: storage, pipeline, mma, operands, tiles. `Source`
/// brings A from a stage to the multiply.
template <class Gemm, a_source Source = sm90::source_of<typename Gemm::storage::a_tile>>
struct main_loop {
    using storage = typename Gemm::storage;
    using pipeline = typename Gemm::pipeline;
    using mma = typename Gemm::mma;
    using a_tile = typename storage::a_tile;
    using b_tile = typename storage::b_tile;
    using map = sm90::rows_of<Source>;  ///< of the sums, until they are complete
    using a_feed = scale::row_feed<typename Gemm::a_scale, Gemm::waves, storage::stages, map>;
    using b_feed = scale::column_feed<typename Gemm::b_scale, b_tile::rows>;
    using a_fragment = typename Source::fragment;
    using totals = typename Gemm::totals;
    static constexpr int parts = Gemm::column_parts;  ///< of the columns of a tile, in totals one after another
    /// True if some fragments of a tile may have no rows. A tile has rows in its first fragment, or it would not be.
    static constexpr bool may_end_early = Gemm::tiles::bounded && Gemm::block.m != mma::m;

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

    /// Called by all threads of a math warpgroup, once; `first_row` is its first row in a tile.
    DEEPGEMM_DEVICE static main_loop of(const storage& smem, const pipeline& pipe, int first_row) {
        const auto place = fragment_place<map>::here();
        return {pipe,
                Source::at(smem.a(0), first_row),
                sm90::from_smem<b_tile>::at(smem.b(0), 0).descriptor,
                ptx::keep(smem.sa(0) + u32(first_row + place.row) * a_feed::row_bytes),
                smem.sb(0),
                first_row + place.row,
                place.column};
    }

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

    /// Fragments of the warpgroup whose first row in a tile is `first_row` that have rows of D, counted from its first one.
    template <work_tile Tile>
    DEEPGEMM_DEVICE static int reached(const Tile& tile, int first_row) {
        if constexpr (!may_end_early) {
            return Gemm::waves;
        } else {
            const i32 rows = tile.end().m - tile.m - first_row;
            return int(ptx::uniform(u32(max(0, min(ceil_div(rows, i32(mma::m)), i32(Gemm::waves))))));
        }
    }

    /// Converged warps: totals = the tile's sum over `blocks`, for the first `reached` fragments; the others stay 0 and take no
    /// time of the tensor cores. Calls meanwhile(i) while block i of them is being multiplied; if there are no blocks, it calls
    /// meanwhile(-1) once.
    template <class Meanwhile>
    DEEPGEMM_DEVICE void sum(totals& total, block_range blocks, int reached, const Meanwhile& meanwhile) {
        if (blocks.count == 0) meanwhile(-1);
        clear(total);
        if constexpr (may_end_early) {
            sum_reached<Gemm::waves>(total, blocks, reached, meanwhile);
        } else {
            sum_fragments<Gemm::waves>(total, blocks, meanwhile);
        }
        if constexpr (!same_as<map, typename mma::fragment>) {
            DEEPGEMM_UNROLL
            for (auto& fragment : total) sm90::in_order(fragment);
        }
    }

private:
    /// sum_fragments() with `reached` as a constant, which is at most `Most`.
    template <int Most, class Meanwhile>
    DEEPGEMM_DEVICE void sum_reached(totals& total, block_range blocks, int reached, const Meanwhile& meanwhile) {
        if (reached == Most) {
            sum_fragments<Most>(total, blocks, meanwhile);
        } else if constexpr (Most > 0) {
            sum_reached<Most - 1>(total, blocks, reached, meanwhile);
        }
    }

    /// The first `Fragments` totals.
    template <int Fragments, class Meanwhile>
    DEEPGEMM_DEVICE void sum_fragments(totals& total, block_range blocks, const Meanwhile& meanwhile) {
        if constexpr (Fragments == 0) {
            pass(blocks, meanwhile);
        } else if constexpr (Gemm::promote == promotion::never) {
            sum_in_place<Fragments>(total, blocks.count, meanwhile);
        } else {
            i32 done = 0;
            if constexpr (Gemm::promote == promotion::deferred) done = sum_deferred(total[0], blocks, meanwhile);
            sum_at_once<Fragments>(total, blocks, done, meanwhile);
        }
    }

    /// Releases the stages of `blocks`, K blocks of which this warpgroup needs none.
    template <class Meanwhile>
    DEEPGEMM_DEVICE void pass(block_range blocks, const Meanwhile& meanwhile) {
        pass_scales(blocks);
        for (i32 block = 0; block < blocks.count; ++block) {
            pipe.wait(at);
            meanwhile(block);
            release(at);
            at.advance();
        }
    }

    DEEPGEMM_DEVICE void pass_scales(block_range blocks) {
        if (blocks.count == 0) return;
        const i32 first = a_index(blocks.first);
        rows.pass_over(first, a_index(blocks.first + blocks.count - 1) - first + 1);
    }

    DEEPGEMM_DEVICE static void clear(totals& total) {
        DEEPGEMM_UNROLL
        for (auto& fragment : total) {
            DEEPGEMM_UNROLL
            for (float& sum : fragment) sum = 0.0f;
        }
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

    /// The scales of A and of B for a block in the current stage. Blocks must be asked for in order.
    DEEPGEMM_DEVICE sm90::row_scales a_scale(int wave, i32 block) {
        if (wave == 0) scales_at = rows.next(at.stage, storage::sa_bytes);
        return rows.at(wave, a_index(block), a_scales + scales_at);
    }
    /// While `block` is multiplied: the one after it comes next.
    DEEPGEMM_DEVICE void expect_scales_after(i32 block) { rows.expect(a_index(block + 1), storage::sa_bytes); }
    DEEPGEMM_DEVICE auto b_scale(i32 block) {
        return columns.at(b_index(block), b_scales + at.stage * storage::sb_bytes, column);
    }

    /// K blocks from number `i` on, each multiplied and promoted wave by wave. The time between the promotion of a block and
    /// the next multiply is lost in full. Three things shorten it: the barrier of the next block is tested early, its scales of
    /// B are loaded early, and a full round of the ring is unrolled, so that stage addresses are compile-time constants.
    template <int Fragments, class Meanwhile>
    DEEPGEMM_DEVICE void sum_at_once(totals& total, block_range blocks, i32 i, const Meanwhile& meanwhile) {
        if (i == blocks.count) return;
        constexpr bool staged = scale::in_stage(Gemm::b_scale::via);  // scales of B come with the block,
        // and may be read after the multiply, too
        constexpr bool late = staged && !Gemm::keeps_products && !Gemm::holds_scales;
        auto next_scale = b_scale(blocks.first + i);
        // Registers of A are loaded during the promotion before, if the block has landed by then.
        constexpr bool ahead = Source::holds_registers;
        bool landed = !ahead && pipe.landed(at);
        a_fragment first_rows;
        const auto one = [&](i32 i) {
            const i32 block = blocks.first + i;
            typename mma::accumulator partial;
            if (!landed) pipe.wait(at);
            if (ahead && !landed) first_rows = a(0);
            const auto scale = shared_scales(next_scale);
            sm90::row_scales sa;
            DEEPGEMM_UNROLL
            for (int fragment = 0; fragment < Fragments * parts; ++fragment) {
                const int wave = fragment / parts, part = fragment % parts;
                const bool last = fragment == Fragments * parts - 1;
                if (part == 0) sa = a_scale(wave, block);
                a_fragment rows = ahead && fragment == 0 ? first_rows : a(wave);
                mma::multiply(rows, b(part), partial);
                const auto factors = products_of(part_of(scale, part), sa);
                if (last) meanwhile(i);
                if (last) expect_scales_after(block);
                if constexpr (!staged) {
                    if (last && i + 1 < blocks.count) next_scale = b_scale(block + 1).formed();
                }
                mma::wait(partial);
                mma::fence(rows);
                const auto done = at;
                if (last) {
                    if constexpr (!late) release(done);
                    at.advance();
                    landed = pipe.landed(at);
                    if constexpr (ahead) {
                        landed = ptx::all(landed);
                        if (landed) first_rows = a(0);
                    }
                    if constexpr (staged) next_scale = b_scale(block + 1);
                }
                factors.promote(total[fragment], partial);
                if (last && late) release_read(total[fragment], done);
            }
        };
        // Deferred promotion leaves only a few blocks to this function, and tiles that end early are few.
        if constexpr (Gemm::promote == promotion::at_once && storage::stages <= 8 && Fragments == Gemm::waves) {
            DEEPGEMM_NO_UNROLL
            for (; i < blocks.count && at.stage != 0; ++i) one(i);
            for (; i + storage::stages <= blocks.count; i += storage::stages) {
                DEEPGEMM_UNROLL
                for (int stage = 0; stage < storage::stages; ++stage) {
                    at.stage = u32(stage);  // as it is
                    one(i + stage);
                }
            }
        }
        DEEPGEMM_NO_UNROLL
        for (; i < blocks.count; ++i) one(i);
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

    /// Whole groups of K blocks, each block promoted while the next one is multiplied; returns how many blocks they hold. Two
    /// accumulator sets alternate. A group begins with no multiply in flight, because ptxas tracks multiplies in flight only
    /// inside one iteration of a loop, and would else wait after each. If scales of B are staged, their products are formed at
    /// promotion, and the stage that holds them is released after that.
    template <class Meanwhile>
    DEEPGEMM_DEVICE i32 sum_deferred(float (&total)[mma::registers], block_range blocks, const Meanwhile& meanwhile) {
        constexpr int group = 4;
        using products = decltype(b_scale(0).template kept_or_late<mma::registers>(sm90::row_scales{}));
        constexpr bool late = scale::in_stage(Gemm::b_scale::via);
        typename mma::accumulator partial[2];
        a_fragment rows[2];
        products factors[2];
        typename pipeline::cursor previous{};
        const i32 whole = blocks.count / group * group;
        for (i32 first = 0; first < whole; first += group) {
            DEEPGEMM_UNROLL
            for (int i = 0; i < group; ++i) {
                const int now = i % 2, before = 1 - now;
                const i32 block = blocks.first + first + i;
                const auto scale = b_scale(block);
                pipe.wait(at);
                if (i == 0) mma::wait(partial[before]);
                const auto sa = a_scale(0, block);
                rows[now] = a(0);
                mma::multiply(rows[now], b(), partial[now]);
                const auto next_factors = scale.template kept_or_late<mma::registers>(sa);
                meanwhile(first + i);
                expect_scales_after(block);
                if (i != 0) {
                    mma::template wait<1>(partial[before]);
                    mma::fence(rows[before]);
                }
                if (i != 0 || first != 0) {
                    if constexpr (!late) release(previous);
                    factors[before].promote(total, partial[before]);
                    if constexpr (late) release_read(total, previous);
                }
                factors[now] = next_factors;
                previous = at;
                at.advance();
            }
        }
        if (whole != 0) {
            mma::wait(partial[1]);
            mma::fence(rows[1]);
            factors[1].promote(total, partial[1]);
            release_read(total, previous);
        }
        return whole;
    }

    /// All K blocks, summed by the tensor cores. One multiply is always in flight, and a stage is released during the next one.
    /// If A is in registers there is one set of them, so a multiply ends before the next block is loaded.
    template <int Fragments, class Meanwhile>
    DEEPGEMM_DEVICE void sum_in_place(totals& total, i32 blocks, const Meanwhile& meanwhile) {
        typename pipeline::cursor previous{};
        DEEPGEMM_UNROLL
        for (int wave = 0; wave < Fragments; ++wave) ptx::fence_operand(total[wave]);
        for (i32 block = 0; block < blocks; ++block) {
            pipe.wait(at);
            a_fragment rows[Fragments];
            DEEPGEMM_UNROLL
            for (int wave = 0; wave < Fragments; ++wave) {
                rows[wave] = a(wave);
                mma::fence(rows[wave]);
            }
            ptx::wgmma_fence();
            DEEPGEMM_UNROLL
            for (int wave = 0; wave < Fragments; ++wave) mma::accumulate(rows[wave], b(), total[wave]);
            ptx::wgmma_commit();
            meanwhile(block);
            ptx::wgmma_wait<Source::holds_registers ? 0 : 1>();
            DEEPGEMM_UNROLL
            for (int wave = 0; wave < Fragments; ++wave) mma::fence(rows[wave]);
            if (block != 0) release(previous);
            previous = at;
            at.advance();
        }
        DEEPGEMM_UNROLL
        for (int wave = 0; wave < Fragments; ++wave) mma::wait(total[wave]);
        if (blocks != 0) release(previous);
    }
};

}  // namespace deepgemm
