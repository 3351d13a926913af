// SPDX-License-Identifier: MIT
// The stream of an operand whose rows are gathered: a list in device memory says which row of the matrix each row of the
// product is. Rows that lie anywhere are no box of TMA, so warps copy them with cp.async, 16 bytes at a time and to where the
// swizzle of a TMA copy would have put them; the main loop sees no difference. Scales come along, a word at a time.
//
// Budget of a K block of 128 rows, which the tensor cores multiply in 512 cycles (a tile 128 wide in FP8) to 1024 (256 wide):
// - TMA, a box for each row: 128 instructions. One thread issues one in 15 cycles (docs/tuning-log.md), together 1920; lanes that
//   issue side by side take turns, since TMA takes coordinates from uniform registers. Too slow by 2 to 4.
// - Loads to registers and stores to shared memory: two warps with 16 registers to spare have 4 KB under way. At some 1000 cycles
//   from L2 that brings 16 KB in 4000 cycles. Too slow by 4 to 8.
// - cp.async: 32 instructions of 32 times 16 bytes. Two warps issue half of them each, in 115 instructions, 180 with scales (counted
//   in machine code), of 512 that their schedulers have time for. What is under way takes no registers, so it is what the ring has
//   room for, as with TMA. 16 KB pass from L2 to a multiprocessor in 256 cycles at 64 bytes each, beside as many for B. Fast
//   enough, so this is what the stream does.
// FP32 scales of rows cost 128 words more, each of a sector of its own: 4 KB from L2 if they are MN-major; K-major ones find
// the sector in L1 seven times of eight. These are counts, not measurements.
#pragma once

#include <deepgemm/core/shape.cuh>
#include <deepgemm/kernel/arguments.cuh>
#include <deepgemm/pipeline/listed_row.cuh>
#include <deepgemm/pipeline/operand_stream.cuh>
#include <deepgemm/ptx/cp_async.cuh>
#include <deepgemm/ptx/fence.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/mbarrier.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/warp.cuh>

namespace deepgemm {

/// The rows of one tile after another, which warp `warp` of `Warps` warps helps to copy. Of every eight rows for each pair of
/// warps, a warp copies four, eight lanes a row of 128 bytes. Numbers of rows wait in shared memory, since producers have few
/// registers.
template <class Stream, int Warps>
struct row_copy {
    using tile = typename Stream::tile;
    using element = typename tile::element;
    using scales = typename Stream::scales;
    static constexpr int row_bytes = tile::row_bytes, piece = 16, lanes = row_bytes / piece;  ///< of a row
    static constexpr int at_once = 32 / lanes,
                         step = at_once * Warps;  ///< rows that a warp, or all, copy with one instruction
    static constexpr int rows = tile::rows / Warps,
                         own = tile::rows / step;  ///< that a warp copies, and a lane with others
    static_assert(tile::rows % step == 0 && rows % 32 == 0 && own % 4 == 0);

    const typename Stream::params& p;
    u32 warp;
    u32 numbers;    ///< shared address of a word for each row of the tile; a warp uses those of its rows
    i32 count = 0;  ///< rows of the tile

    /// Converged warp: starts with a tile of the product whose rows are `first` to `end` - 1.
    DEEPGEMM_DEVICE void start(i32 first, i32 end) {
        count = end - first;
        ptx::sync_warp();  // all have read the numbers of the tile before
        for_each_own_row([&](i32 row) {
            const i32 number = row < count ? listed_row(p.list, first + row, p.count) : 0;
            ptx::st_shared(number_of(row), u32(max(number, 0)));
        });
        ptx::sync_warp();
    }

    /// Converged warp: starts to copy the warp's rows of K block `block` of `k` elements into a stage. Rows that the tile has
    /// not and elements beyond K become zeros and are not read.
    DEEPGEMM_DEVICE void put(i32 block, i32 k, stage_place to) const {
        const i32 bytes = min(k - block * tile::k, tile::k) * i32(sizeof(element)), column = lane() % lanes * piece;
        const i32 first = i32(warp) * at_once + lane() / lanes,
                  left = count - first;  // rows from the lane's first one on
        const u8* const from = p.rows + i64(block) * row_bytes + column;
        // The lane's next rows are whole atoms of the swizzle further on.
        const u32 target = to.tile + tile::offset(first, column / i32(sizeof(element))), number = number_of(first);
        if (bytes % piece == 0) {
            const bool reads = column < bytes;
            DEEPGEMM_UNROLL
            for (int i = 0; i < own; i += 4) {  // numbers for as many pieces as there are registers for
                const auto row = ptx::ld_shared<ptx::vec4<u32>>(number + u32(i) * u32(sizeof(u32)));
                const u32 next[] = {row.x, row.y, row.z, row.w};
                DEEPGEMM_UNROLL
                for (int j = 0; j < 4; ++j)
                    ptx::cp_async<piece>(target + u32((i + j) * step * row_bytes), from + p.pitch * next[j],
                                         reads && (i + j) * step < left);
            }
        } else {
            const u32 part = u32(max(0, min(bytes - column, piece)));
            DEEPGEMM_NO_UNROLL
            for (int i = 0; i < own; ++i) {
                const u32 row = ptx::ld_shared<u32>(number + u32(i) * u32(sizeof(u32)));
                ptx::cp_async_part<piece>(target + u32(i * step * row_bytes), from + p.pitch * row,
                                          i * step < left ? part : 0);
            }
        }
        if constexpr (!same_as<scales, scale::none>) {
            const scale::scale_words& source = p.scale.words;
            const i32 word = scale::index_of_block<scales, tile::k>(block) / scales::format::per_word;
            for_each_own_row([&, word_of_row_0 = source.words + word * source.stride_k](i32 row) {
                ptx::cp_async<4>(to.scales + u32(row) * u32(sizeof(u32)),
                                 word_of_row_0 + source.stride_mn * ptx::ld_shared<u32>(number_of(row)), row < count);
            });
        }
    }

private:
    DEEPGEMM_DEVICE static i32 lane() { return i32(ptx::lane_index()); }
    /// Where the number of a row waits. Those of the rows that a lane copies lie side by side.
    DEEPGEMM_DEVICE u32 number_of(i32 row) const {
        return numbers + u32(row % step * own + row / step) * u32(sizeof(u32));
    }
    /// Converged warp: calls body(row) for each of the warp's rows, one in each lane at a time.
    template <class Body>
    DEEPGEMM_DEVICE void for_each_own_row(const Body& body) const {
        DEEPGEMM_UNROLL
        for (int i = 0; i < rows; i += 32) body((i + lane()) / at_once * step + i32(warp) * at_once + lane() % at_once);
    }
};

/// The stream of a gathered `Operand`. The warps of role `copy` fill its part of a stage, and arrive on a barrier of their own
/// when all has landed. The producer's thread waits for that, makes it visible to the tensor cores and passes it on to the
/// pipeline's.
template <class Operand, class Tile, stream_options How>
    requires(Operand::info.gathered)
struct operand_stream<Operand, Tile, How> {
    static_assert(Tile::contiguous == major::k && How.sharers == 1 &&
                  !How.stacked);  // kernel/check.cuh says it in words
    using tile = Tile;
    using scales = typename Operand::scale;
    static constexpr bool gathers = true, loads_scales = false, trims = false, any_row = false;
    static constexpr int map_count = 0;

    /// What the kernel reads.
    struct params {
        const u8* rows;  ///< of the matrix
        u64 pitch;       ///< bytes from one to the next
        i64 count;       ///< of these rows
        row_list list;   ///< of them: row i of the product is row list[i]
        scale::params<scales> scale;
    };

    /// It has no tensor maps.
    DEEPGEMM_BOTH static constexpr void tensor_maps(const operand_arguments&, i32, i32, i32, tensor_map_request*) {}

    /// Its parameters from arguments. The product has `rows` rows.
    DEEPGEMM_BOTH static constexpr params make_params(const operand_arguments& x, i32 /*rows*/, i32 /*reads*/,
                                                      const tensor_map*) {
        params p{};
        p.rows = static_cast<const u8*>(x.data);
        p.pitch = u64(x.pitch) * sizeof(typename Operand::element);
        p.count = x.rows;
        p.list = x.list;
        if constexpr (!same_as<scales, scale::none>)
            p.scale.words = {static_cast<const u32*>(x.scales.data), x.scales.stride_mn, x.scales.stride_k};
        return p;
    }

    DEEPGEMM_DEVICE static void prefetch(const params&) {}
    template <class TileOf>
    DEEPGEMM_DEVICE static void clear(const params&, u32, const TileOf&, u32, u32) {}
    DEEPGEMM_BOTH static constexpr i32 before(i32) { return 0; }
    DEEPGEMM_BOTH static constexpr i64 scale_words(const params&, i32) { return 0; }

    /// Converged warp `warp` of `Warps` warps: copies its rows of every K block of the tiles of `work`, a schedule, for a
    /// product of `k` elements of K. `stage_of(stage)` says where they land, `landed_of(stage)` the barrier on which its lanes
    /// arrive; `numbers` is the shared address of a word for each row of a tile.
    template <int Warps, class Pipeline, class Work, class StageOf, class LandedOf>
    DEEPGEMM_DEVICE static void gather(const params& p, const Pipeline& pipe, const Work& work, i32 k, u32 warp,
                                       u32 numbers, const StageOf& stage_of, const LandedOf& landed_of) {
        row_copy<operand_stream, Warps> copy{p, warp, numbers};
        typename Pipeline::cursor at;
        for (const auto tile : work) {
            const block_range blocks = tile.blocks();
            if (blocks.count == 0) continue;  // numbers of rows of no group are not read
            copy.start(tile.m, tile.end().m);
            DEEPGEMM_NO_UNROLL
            for (i32 block = blocks.first; block < blocks.first + blocks.count; ++block) {
                pipe.acquire(at);
                copy.put(block, k, stage_of(at.stage));
                ptx::cp_async_arrive(landed_of(at.stage));
                at.advance();
            }
        }
    }

    /// Producer thread: passes on what has landed, stage after stage. cp.async writes through the generic proxy and wgmma reads
    /// through the async one, so a proxy fence has to stand between them in causality order; any thread on the way may execute
    /// it. In the math warps it would stand between two multiplies.
    template <class Pipeline, class Work, class LandedOf>
    DEEPGEMM_DEVICE static void pass_on(const Pipeline& pipe, const Work& work, const LandedOf& landed_of) {
        typename Pipeline::cursor at;
        for (const auto tile : work) {
            const i32 blocks = tile.blocks().count;
            DEEPGEMM_NO_UNROLL
            for (i32 i = 0; i < blocks; ++i) {
                ptx::mbarrier_wait(landed_of(at.stage), at.parity, "producer: gathered rows");
                ptx::fence_proxy_async();
                ptx::mbarrier_arrive(pipe.full(at));
                at.advance();
            }
        }
    }
};

}  // namespace deepgemm
