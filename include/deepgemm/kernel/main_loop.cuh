// SPDX-License-Identifier: MIT
// The main loop of a math warpgroup: totals(rows, n) = sum over K blocks of sa sb (A block x B block), promoted at once or one
// block later. Between two multiplies stand a barrier, two loads, and one multiply-add for each total; all else is prepared
// while the tensor cores run. docs/hardware/promotion.md tells why.
#pragma once

#include <deepgemm/kernel/storage.cuh>
#include <deepgemm/mma/promotion.cuh>
#include <deepgemm/mma/wgmma_atom.cuh>
#include <deepgemm/pipeline/tma_pipeline.cuh>
#include <deepgemm/ptx/registers.cuh>
#include <deepgemm/scale/feed.cuh>

namespace deepgemm {

/// Sums up one tile after another for one warpgroup. `Gemm` names the parts: storage, pipeline, mma, operands.
template <class Gemm>
struct main_loop {
    using storage = typename Gemm::storage;
    using pipeline = typename Gemm::pipeline;
    using mma = typename Gemm::mma;
    using a_tile = typename storage::a_tile;
    using b_tile = typename storage::b_tile;
    using a_format = typename Gemm::a_scale::format;
    using b_feed = scale::column_feed<typename Gemm::b_scale, b_tile::rows>;
    using totals = float[Gemm::waves][mma::registers];

    const pipeline& pipe;
    u64 a_rows, b_rows;  ///< descriptors of this warpgroup's rows of A and of B, in stage 0
    u32 a_scales;        ///< shared address of the scale of this thread's first row, in stage 0
    u32 b_scales;        ///< shared address of the scales of B in stage 0, if they are staged
    int column;          ///< of this thread's first register
    typename pipeline::cursor at{};
    b_feed feed{};

    /// Called by all threads of a math warpgroup, once; `first_row` is its first row in a tile.
    DEEPGEMM_DEVICE static main_loop of(const storage& smem, const pipeline& pipe, int first_row) {
        const auto place = sm90::fragment_place::here();
        return {pipe,
                sm90::k_major_descriptor(smem.a(0) + u32(first_row) * a_tile::row_bytes, a_tile::swizzle),
                sm90::k_major_descriptor(smem.b(0), b_tile::swizzle),
                ptx::keep(smem.sa(0) + u32(first_row + place.row) * 4),
                smem.sb(0),
                place.column};
    }

    /// Converged warps: totals = the tile's sum over `blocks` K blocks. Calls `meanwhile()` once, when a multiply is in flight
    /// and two blocks are done, or with the last block if there are fewer, or now if there is none.
    template <class Meanwhile>
    DEEPGEMM_DEVICE void sum(totals& total, i32 blocks, const Meanwhile& meanwhile) {
        DEEPGEMM_UNROLL
        for (int wave = 0; wave < Gemm::waves; ++wave) {
            DEEPGEMM_UNROLL
            for (int i = 0; i < mma::registers; ++i) total[wave][i] = 0.0f;
        }
        const i32 meantime = min(2, blocks - 1);
        if (blocks == 0) meanwhile();
        i32 block = 0;
        if constexpr (Gemm::promote == promotion::deferred) block = sum_deferred(total[0], blocks, meantime, meanwhile);
        for (; block < blocks; ++block) sum_at_once(total, block, block == meantime, meanwhile);
    }

private:
    using products = decltype(feed.at(0, 0, 0).template times<mma::registers>(sm90::row_scales{}));

    /// Issues the multiply of the current stage's rows of `wave` into `partial`; returns the products of its scales.
    template <class BScale>
    DEEPGEMM_DEVICE products issue(typename mma::accumulator& partial, int wave, i32 block, const BScale& b_scale) {
        const u32 row = u32(wave * mma::m), scales = a_scales + at.stage * storage::sa_bytes + row * 4;
        const sm90::row_scales a_scale{
            {a_format::decode(ptx::ld_shared<u32>(scales), block),
             a_format::decode(ptx::ld_shared<u32>(scales + 8 * 4), block)}};                      // of rows r, r + 8
        mma::multiply(sm90::advance(a_rows, at.stage * a_tile::bytes + row * a_tile::row_bytes),  // (64, block.k)
                      sm90::advance(b_rows, at.stage * b_tile::bytes),                            // (block.n, block.k)
                      partial);
        return b_scale.template times<mma::registers>(a_scale);
    }

    /// The scales of B for a block in the current stage. They must be asked for block by block.
    DEEPGEMM_DEVICE auto b_scale(i32 block) { return feed.at(block, b_scales + at.stage * storage::sb_bytes, column); }

    /// One K block, multiplied and promoted wave by wave.
    template <class Meanwhile>
    DEEPGEMM_DEVICE void sum_at_once(totals& total, i32 block, bool meantime, const Meanwhile& meanwhile) {
        typename mma::accumulator partial;
        const auto scale = b_scale(block);
        pipe.wait(at);
        DEEPGEMM_UNROLL
        for (int wave = 0; wave < Gemm::waves; ++wave) {
            const auto factors = issue(partial, wave, block, scale);
            if (wave == 0 && meantime) meanwhile();
            mma::wait(partial);
            if (wave == Gemm::waves - 1) pipe.release(at);
            factors.promote(total[wave], partial);
        }
        at.advance();
    }

    /// Whole groups of K blocks, each promoted while the next one multiplies; returns the first block that is left over.
    /// Two accumulator sets alternate. A group begins with a drained tensor core: ptxas follows multiplies in flight only
    /// inside one turn of a loop and would make all of them wait.
    template <class Meanwhile>
    DEEPGEMM_DEVICE i32 sum_deferred(float (&total)[mma::registers], i32 blocks, i32 meantime,
                                     const Meanwhile& meanwhile) {
        constexpr int group = 4;
        typename mma::accumulator partial[2];
        products factors[2];
        typename pipeline::cursor previous{};
        const i32 whole = blocks / group * group;
        for (i32 first = 0; first < whole; first += group) {
            DEEPGEMM_UNROLL
            for (int i = 0; i < group; ++i) {
                const int now = i % 2, before = 1 - now;
                const auto scale = b_scale(first + i);
                pipe.wait(at);
                if (i == 0) mma::wait(partial[before]);
                const auto next_factors = issue(partial[now], 0, first + i, scale);
                if (first + i == meantime) meanwhile();
                if (i != 0) mma::template wait<1>(partial[before]);
                if (i != 0 || first != 0) {
                    pipe.release(previous);
                    factors[before].promote(total, partial[before]);
                }
                factors[now] = next_factors;
                previous = at;
                at.advance();
            }
        }
        if (whole != 0) {
            mma::wait(partial[1]);
            pipe.release(previous);
            factors[1].promote(total, partial[1]);
        }
        return whole;
    }
};

}  // namespace deepgemm
