// SPDX-License-Identifier: MIT
// The main loop of a math warpgroup: totals(rows, n) = sum over K blocks of sa sb (A block x B block). Blocks are promoted at
// once or one block later; without scales the tensor cores sum alone. Only a barrier, two loads and one multiply-add for each
// total remain between two multiplies; all else is prepared while the tensor cores run. docs/hardware/promotion.md gives the
// reasons.
#pragma once

#include <deepgemm/kernel/main_loop_operands.cuh>

namespace deepgemm {

/// Sums up one tile after another for one warpgroup. `Gemm` names the parts: storage, pipeline, mma, operands, tiles. `Source`
/// brings A from a stage to the multiply.
template <class Gemm, a_source Source = sm90::source_of<typename Gemm::storage::a_tile>>
struct main_loop : main_loop_operands<Gemm, Source> {
    using base = main_loop_operands<Gemm, Source>;
    // Aliases, since nvcc 13 loses configurations in types that a using-declaration brings.
    using storage = typename base::storage;
    using pipeline = typename base::pipeline;
    using mma = typename base::mma;
    using b_tile = typename base::b_tile;
    using map = typename base::map;
    using a_feed = typename base::a_feed;
    using a_fragment = typename base::a_fragment;
    using totals = typename base::totals;
    using base::at, base::parts, base::pipe;

    /// True if some fragments of a tile may have no rows. A tile has rows in its first fragment, or it would not be.
    static constexpr bool may_end_early = Gemm::tiles::bounded && Gemm::block.m != mma::m;
    static constexpr int shared_fragment = Gemm::waves + 1;

    /// What sum() does at the start unless it is told.
    struct nothing_more {
        DEEPGEMM_DEVICE void operator()() const {}
    };

    /// Called by all threads of a math warpgroup, once; `first_row` is its first row in a tile.
    DEEPGEMM_DEVICE static main_loop of(const storage& smem, const pipeline& pipe, int first_row) {
        const auto place = fragment_place<map>::here();
        return {{pipe, Source::at(smem.a(0), first_row), sm90::uniform_descriptor_of<b_tile>(smem.b(0)),
                 ptx::keep(smem.sa(0) + u32(first_row + place.row) * a_feed::row_bytes), smem.sb(0),
                 first_row + place.row, place.column}};
    }

    /// Fragments of the warpgroup whose first row in a tile is `first_row` that have rows of D, counted from its first one; or
    /// `shared_fragment`, if two warpgroups share the second of three.
    template <work_tile Tile>
    DEEPGEMM_DEVICE static int reached(const Tile& tile, int first_row) {
        if constexpr (!may_end_early) {
            return Gemm::waves;
        } else {
            if constexpr (Gemm::shares_fragment) {
                if (Gemm::shares(tile)) return shared_fragment;
            }
            const i32 rows = tile.end().m - tile.m - first_row;
            return int(ptx::uniform(u32(max(0, min(ceil_div(rows, i32(mma::m)), i32(Gemm::waves))))));
        }
    }

    /// Converged warps: totals = the tile's sum over `blocks`, for the first `reached` fragments; the others stay 0 and take no
    /// time of the tensor cores. Calls meanwhile(i) while block i of them is being multiplied; if there are no blocks, it calls
    /// meanwhile(-1) once. Kernels that unroll the ring also call at_start() once, while the first block is being multiplied,
    /// and leave totals of other fragments as they are.
    template <class Meanwhile, class AtStart = nothing_more>
    DEEPGEMM_DEVICE void sum(totals& total, block_range blocks, int reached, const Meanwhile& meanwhile,
                             const AtStart& at_start = {}) {
        if constexpr (Gemm::unrolls_ring) {  // the compiler cannot know that no lane differs
            blocks.count = i32(ptx::in_uniform_register(u32(blocks.count)));
            at = {ptx::in_uniform_register(at.stage), ptx::in_uniform_register(at.parity)};
            hold_descriptors();
        }
        if (blocks.count == 0) {
            at_start();
            meanwhile(-1);
        }
        if constexpr (Gemm::shares_fragment) {
            if (reached == shared_fragment) return sum_shared(total, blocks, meanwhile);
        }
        if (!Gemm::unrolls_ring || blocks.count == 0) clear(total);
        if constexpr (may_end_early) {
            sum_reached<Gemm::waves>(total, blocks, reached, meanwhile, at_start);
        } else {
            sum_fragments<Gemm::waves>(total, blocks, meanwhile, at_start);
        }
        if constexpr (!same_as<map, typename mma::fragment>) {
            DEEPGEMM_UNROLL
            for (auto& fragment : total) sm90::in_order(fragment);
        }
    }

private:
    using base::a, base::a_scale, base::b, base::b_scale, base::expect_scales_after, base::hold_descriptors,
        base::part_of, base::pass_scales, base::products_of, base::release, base::release_read, base::shared_scales;

    /// sum_fragments() with `reached` as a constant, which is at most `Most`.
    template <int Most, class Meanwhile, class AtStart>
    DEEPGEMM_DEVICE void sum_reached(totals& total, block_range blocks, int reached, const Meanwhile& meanwhile,
                                     const AtStart& at_start) {
        if (reached == Most) {
            sum_fragments<Most>(total, blocks, meanwhile, at_start);
        } else if constexpr (Most > 0) {
            sum_reached<Most - 1>(total, blocks, reached, meanwhile, at_start);
        }
    }

    /// The first `Fragments` totals.
    template <int Fragments, class Meanwhile, class AtStart>
    DEEPGEMM_DEVICE void sum_fragments(totals& total, block_range blocks, const Meanwhile& meanwhile,
                                       const AtStart& at_start) {
        if constexpr (Fragments == 0) {
            if (blocks.count != 0) at_start();
            pass(blocks, meanwhile);
        } else if constexpr (Gemm::unrolls_ring) {
            sum_in_rounds<Fragments>(total, blocks.count, meanwhile, at_start);
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

    DEEPGEMM_DEVICE static void clear(totals& total) {
        DEEPGEMM_UNROLL
        for (auto& fragment : total) {
            DEEPGEMM_UNROLL
            for (float& sum : fragment) sum = 0.0f;
        }
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
            in_rounds(i, blocks.count, one);
        } else {
            DEEPGEMM_NO_UNROLL
            for (; i < blocks.count; ++i) one(i);
        }
    }

    /// Calls one(i) for K blocks number `i` to `count` - 1: a round of the ring at a time, so that its stages are constants, and one by
    /// one before and behind these rounds.
    template <class One>
    DEEPGEMM_DEVICE void in_rounds(i32 i, i32 count, const One& one) {
        DEEPGEMM_NO_UNROLL
        for (; i < count && at.stage != 0; ++i) one(i);
        DEEPGEMM_NO_UNROLL
        for (; i + storage::stages <= count; i += storage::stages) {
            DEEPGEMM_UNROLL
            for (int stage = 0; stage < storage::stages; ++stage) {
                at.stage = u32(stage);  // as it is
                one(i + stage);
            }
        }
        DEEPGEMM_NO_UNROLL
        for (; i < count; ++i) one(i);
    }

    /// Three fragments of a tile on two warpgroups, which have two each: the first one of each, and of the tile's second one half of
    /// the columns, in the first half of the second total. Both multiplies of a K block are issued one after the other, and then
    /// promoted. There are registers for that, since one of the four totals is missing.
    template <class Meanwhile>
    DEEPGEMM_DEVICE void sum_shared(totals& total, block_range blocks, const Meanwhile& meanwhile) {
        constexpr int half_registers = mma::registers / 2;
        using half = sm90::wgmma<typename mma::element_a, typename mma::element_b, mma::n / 2>;
        const bool upper = ptx::uniform(u32(base::row)) < u32(Gemm::block.m / 2);  // it has the tile's second fragment
        // From the warpgroup's own rows, and from the first column, to those that it shares.
        const u32 rows_away = upper ? mma::m : u32(-mma::m);
        const u64 shared_rows =
            base::a_rows.descriptor + u64(i64(i32(rows_away)) * i64(base::a_tile::bytes_per_row / 16));
        const u64 shared_columns =
            sm90::advance(base::b_rows, upper ? 0 : u32(mma::n / 2) * u32(b_tile::bytes_per_row));
        DEEPGEMM_UNROLL
        for (float& sum : total[0]) sum = 0.0f;
        DEEPGEMM_UNROLL
        for (int i = 0; i < half_registers; ++i) total[1][i] = 0.0f;
        if (blocks.count != 0) {
            auto next_scale = b_scale(blocks.first);
            bool landed = pipe.landed(at);
            const auto one = [&](i32 i) {
                const i32 block = blocks.first + i;
                typename mma::accumulator partial;
                typename half::accumulator shared;
                if (!landed) pipe.wait(at);
                const auto scale = next_scale;
                const auto sa = a_scale(0, block), shared_sa = base::a_scale_away(rows_away, block);
                mma::multiply(a(0), b(), partial);
                half::multiply(sm90::advance(shared_rows, at.stage * base::a_tile::bytes),
                               sm90::advance(shared_columns, at.stage * b_tile::bytes), shared);
                const auto factors = products_of(scale, sa), shared_factors = products_of(scale, shared_sa);
                meanwhile(i);
                expect_scales_after(block);
                if (i + 1 < blocks.count) next_scale = b_scale(block + 1).formed();
                mma::template wait<1>(partial);
                factors.promote(total[0], partial);
                half::wait(shared);
                release(at);
                at.advance();
                landed = pipe.landed(at);
                shared_factors.promote(total[1], shared);
            };
            in_rounds(0, blocks.count, one);
        }
        // Only now, since zeros would take registers in the loop.
        DEEPGEMM_UNROLL
        for (int i = half_registers; i < mma::registers; ++i) total[1][i] = ptx::keep(0.0f);
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

    /// All K blocks, summed by the tensor cores.
    template <int Fragments, class Meanwhile>
    DEEPGEMM_DEVICE void sum_in_place(totals& total, i32 blocks, const Meanwhile& meanwhile) {
        typename pipeline::cursor previous{};
        DEEPGEMM_UNROLL
        for (int wave = 0; wave < Fragments; ++wave) ptx::fence_operand(total[wave]);
        for (i32 block = 0; block < blocks; ++block) {
            add_block<Fragments, true>(total, previous, block != 0, [&] { meanwhile(block); });
        }
        finish_blocks<Fragments>(total, previous, blocks != 0);
    }

    /// The same, a round of the ring at a time. The first block overwrites the totals, so that nobody clears them between two
    /// tiles.
    template <int Fragments, class Meanwhile, class AtStart>
    DEEPGEMM_DEVICE void sum_in_rounds(totals& total, i32 blocks, const Meanwhile& meanwhile, const AtStart& at_start) {
        if (blocks == 0) return;
        typename pipeline::cursor previous{};
        DEEPGEMM_UNROLL
        for (int wave = 0; wave < Fragments; ++wave) ptx::fence_operand(total[wave]);
        add_block<Fragments, false>(total, previous, false, [&] {
            at_start();
            meanwhile(0);
        });
        const auto add = [&](i32 i) { add_block<Fragments, true>(total, previous, true, [&] { meanwhile(i); }); };
        in_rounds(1, blocks, add);
        finish_blocks<Fragments>(total, previous, true);
    }

    /// Multiplies the K block of the current stage; the first `Fragments` totals become its products, or their sums with them
    /// if `Keep`. One multiply is always in flight, and the stage before, `previous`, is released during it, if there is one.
    /// If A is in registers there is one set of them, so a multiply ends before the next block is loaded.
    template <int Fragments, bool Keep, class Meanwhile>
    DEEPGEMM_DEVICE void add_block(totals& total, typename pipeline::cursor& previous, bool any_before,
                                   const Meanwhile& meanwhile) {
        pipe.wait(at);
        a_fragment rows[Fragments];
        DEEPGEMM_UNROLL
        for (int wave = 0; wave < Fragments; ++wave) {
            rows[wave] = a(wave);
            mma::fence(rows[wave]);
        }
        ptx::wgmma_fence();
        DEEPGEMM_UNROLL
        for (int wave = 0; wave < Fragments; ++wave) mma::template accumulate<Keep>(rows[wave], b(), total[wave]);
        ptx::wgmma_commit();
        meanwhile();
        ptx::wgmma_wait<Source::holds_registers ? 0 : 1>();
        DEEPGEMM_UNROLL
        for (int wave = 0; wave < Fragments; ++wave) mma::fence(rows[wave]);
        if (any_before) release(previous);
        previous = at;
        at.advance();
    }
    /// Waits for the last multiply and releases its stage, if there is one.
    template <int Fragments>
    DEEPGEMM_DEVICE void finish_blocks(totals& total, typename pipeline::cursor previous, bool any) {
        DEEPGEMM_UNROLL
        for (int wave = 0; wave < Fragments; ++wave) mma::wait(total[wave]);
        if (any) release(previous);
    }
};

}  // namespace deepgemm
