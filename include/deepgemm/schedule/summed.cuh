// SPDX-License-Identifier: MIT
// The schedule of the sum of a batch: one product whose K runs through all matrices of a stack. Its K blocks are numbered through
// the stack and cut into parts, so that a D of a few tiles keeps all CTAs busy. kernel/parts_sum.cuh adds the parts up.
#pragma once

#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/schedule/groups.cuh>
#include <deepgemm/schedule/rasterize.cuh>
#include <deepgemm/schedule/schedule.cuh>

namespace deepgemm {

/// What a kernel that sums up a batch is launched with, beside its operands; `count` counts the matrices of A, and those of B.
struct summed_batch : uniform_groups {
    /// Device memory of `bytes` bytes, at a multiple of 128 bytes. The first 128 bytes are zeros before the first launch, and each
    /// launch leaves zeros there; the others may hold anything. No two launches may use it at the same time.
    void* workspace = nullptr;
    u64 bytes = 0;

    static constexpr u64 head_bytes = 128;  ///< for words in which CTAs meet
    /// Bytes of the totals of `items` tiles of `block`, each of a part.
    DEEPGEMM_BOTH static constexpr u64 bytes_of(i64 items, tile_shape block) {
        return head_bytes + u64(items) * u64(block.m * block.n) * sizeof(float);
    }
    /// Parts of `tiles` tiles of `block` whose totals the workspace holds; one at least.
    DEEPGEMM_BOTH constexpr i32 most_parts(i32 tiles, tile_shape block) const {
        const u64 part = u64(max(tiles, 1)) * u64(block.m * block.n) * sizeof(float);
        const u64 parts = bytes > head_bytes ? (bytes - head_bytes) / part : 0;
        return i32(min(max(parts, u64(1)), u64(1) << 30));
    }
};

/// Tiles `Block` of D, in bands of `RasterRows` tiles along M; each in as many parts of its K blocks as there are CTAs for it. The
/// tiles of a part follow each other, so the CTAs that read the same elements of K run side by side.
template <tile_shape Block, int RasterRows = 8>
struct summed {
    static constexpr grouping grouped_as = grouping::summed;
    static constexpr tile_shape block = Block;
    static constexpr cluster_shape cluster{};
    static constexpr stacks stacked{.a = true, .b = true};
    static constexpr bool bounded = false, on_device = false;
    using arguments = summed_batch;

    banded_raster raster;    ///< of the tiles of D
    fast_divider by_tiles;   ///< divides by their number
    fast_divider by_matrix;  ///< divides by the K blocks of one matrix
    i32 blocks;              ///< K blocks of all matrices
    i32 parts;  ///< of these: at most as many as the workspace has room for, and once started as many as there are
    u8* workspace;
    problem_shape shape;

    /// Host: the schedule of a problem. `shape.k` is the K of one matrix.
    DEEPGEMM_BOTH static constexpr summed of(problem_shape shape, const arguments& given) {
        const banded_raster tiles = tiles_of(shape);
        const i32 each = ceil_div(shape.k, Block.k);
        return {tiles,
                fast_divider::of(max(tiles.count(), 1)),
                fast_divider::of(max(each, 1)),
                given.count * each,
                min(given.most_parts(tiles.count(), Block), max(given.count * each, 1)),
                static_cast<u8*>(given.workspace),
                shape};
    }
    /// Any thread of the kernel: the schedule of this CTA. There are as many parts as give each CTA of the grid one tile of one
    /// part at most, and one part if there are more tiles than CTAs.
    DEEPGEMM_DEVICE summed started(problem_shape known, u32) const {
        summed mine = *this;
        mine.shape = known;
        mine.parts = min(parts, max(by_tiles.divide(i32(ptx::cta_count())), 1));
        return mine;
    }
    /// Clusters, here CTAs, that may have work.
    DEEPGEMM_BOTH static constexpr i32 clusters(problem_shape shape, const arguments& given) {
        const summed all = of(shape, given);
        return i32(min(i64(all.raster.count()) * all.parts, i64(1) << 30));
    }
    /// Operands of up to 64 MiB count as read once, so that they leave L2 first, and come 128 bytes at once. Otherwise they displace
    /// dirty lines, which go back to memory in as much time as they take. Larger ones do not stay in L2 so until all tiles have read
    /// them, and come faster by 256 bytes; any count above one does (docs/tuning-log.md, "Sums of batches").
    DEEPGEMM_BOTH static constexpr operand_reads reads(problem_shape shape, const arguments& given) {
        constexpr i64 few = (i64(64) << 20) / 2;  // elements of 16 bits
        const bool fits = (i64(shape.m) + shape.n) * shape.k <= few / max(given.count, 1);
        return fits ? operand_reads{1, 1, 128} : operand_reads{2, 2};
    }

    /// Tiles of all parts.
    DEEPGEMM_BOTH constexpr i32 items() const { return raster.count() * parts; }

    struct tile {
        i32 m, n;
        i32 item;  ///< its number among the tiles of all parts
        block_range range;
        result_end ends;
        fast_divider by_matrix;

        DEEPGEMM_BOTH constexpr block_range blocks() const { return range; }
        DEEPGEMM_BOTH constexpr operand_place a(i32 block) const { return place(m, block); }
        DEEPGEMM_BOTH constexpr operand_place b(i32 block) const { return place(n, block); }
        DEEPGEMM_BOTH constexpr i32 matrix() const { return 0; }
        DEEPGEMM_BOTH constexpr result_end end() const { return ends; }

    private:
        DEEPGEMM_BOTH constexpr operand_place place(i32 row, i32 block) const {
            const i32 matrix = by_matrix.divide(block);
            return {row, (block - matrix * i32(by_matrix.divisor)) * Block.k, matrix};
        }
    };

    struct sentinel {};
    struct iterator {
        const summed& tiles;
        i32 index;

        DEEPGEMM_DEVICE tile operator*() const {
            const i32 part = tiles.by_tiles.divide(index);
            const grid_coord at = tiles.raster.at(index - part * i32(tiles.by_tiles.divisor));
            return {at.m * Block.m,
                    at.n * Block.n,
                    index,
                    block_range::part_of(tiles.blocks, part, tiles.parts),
                    {tiles.shape.m, tiles.shape.n},
                    tiles.by_matrix};
        }
        DEEPGEMM_DEVICE void operator++() { index += i32(ptx::cta_count()); }
        DEEPGEMM_DEVICE bool operator!=(sentinel) const { return index < tiles.items(); }
    };
    DEEPGEMM_DEVICE iterator begin() const { return {*this, i32(ptx::cta_index())}; }
    DEEPGEMM_DEVICE sentinel end() const { return {}; }

private:
    DEEPGEMM_BOTH static constexpr banded_raster tiles_of(problem_shape shape) {
        return banded_raster::of(ceil_div(shape.m, Block.m), ceil_div(shape.n, Block.n), RasterRows);
    }
};

static_assert(schedule<summed<tile_shape{}>>);

}  // namespace deepgemm
