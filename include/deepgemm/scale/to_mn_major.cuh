// SPDX-License-Identifier: MIT
// The kernel that brings FP32 scales of any strides into the layout that TMA loads: MN-major, one column of align(mn, 4)
// words for each K block, or for each four K blocks as packed UE8M0 exponents. Rows between groups can be packed as zeros,
// unread. It moves data through a tile in shared memory, so that reads and writes are both contiguous.
// reference/scale_layouts.hpp is its reference. It runs on any GPU.
#pragma once

#include <deepgemm/kernel/launch_info.cuh>
#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/grid_dependency.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/word.cuh>
#include <deepgemm/scale/fp32.cuh>
#include <deepgemm/scale/ue8m0.cuh>

namespace deepgemm::scale {

namespace detail {

/// Any thread: adds `count` scales that have no exponent to `invalid`. Who adds the first ones also writes `example`, one of
/// its own, to `found`. Both pointers may be null; without `invalid` nothing is written.
DEEPGEMM_DEVICE void report_unpackable(u32* invalid, unpackable* found, u32 count, const unpackable& example) {
    if (count == 0 || invalid == nullptr) return;
    const u32 before = ptx::atomic_add_relaxed<memory_scope::gpu>(invalid, count);
    if (before == 0 && found != nullptr) ptx::st_global(found, example);
}

/// True if row `row` is in one of `count` groups of rows, of which group g ends before row `ends[g]` and starts at the next
/// multiple of `alignment` after the end of the one before. Ends do not decrease. Any thread; `ends` is in device memory.
DEEPGEMM_DEVICE bool in_group(const i32* ends, i32 count, i32 alignment, i32 row) {
    i32 first = 0, last = count;  // the first group that ends after `row` is among these, or there is none
    while (first < last) {
        const i32 middle = (first + last) / 2;
        if (ptx::ld_global_nc(ends + middle) > row) {
            last = middle;
        } else {
            first = middle + 1;
        }
    }
    if (first == count) return false;
    return first == 0 || align_up(max(ptx::ld_global_nc(ends + first - 1), 0), alignment) <= row;
}

}  // namespace detail

/// Scales to transform: scale (g, i, block) is at in[g * group_stride + i * row_stride + block * block_stride]. A row i of
/// scales covers `tile_mn` rows of the operand: 1 for scales per token, 128 to repeat the scale of a block for each of its
/// rows.
struct to_mn_major_arguments {
    const float* in = nullptr;
    i64 group_stride = 0, row_stride = 0, block_stride = 1;
    i32 groups = 1, mn = 0, blocks = 0;  ///< `mn` rows of the operand, `blocks` scales along K
    i32 tile_mn = 1;
    /// Word (g, mn, kw) at out[(g * ceil(blocks / Format::per_word) + kw) * align(mn, 4) + mn]. Padding rows are not
    /// written.
    void* out = nullptr;
    /// Packed format only; may be null. The kernel adds the number of scales for which ue8m0::encode has no byte; they become
    /// NaN. A scale that is repeated for several rows counts once for each of them.
    u32* invalid = nullptr;
    /// May be null, and is not written without `invalid`: if that was 0, one of those scales.
    unpackable* found = nullptr;
    /// Packed format only. If not null, device memory: (group_count), the rows before which groups of rows end, never
    /// decreasing; the next group starts at the next multiple of `alignment`. Rows in no group become word 0, so that no
    /// product with them is NaN, and their scales are not read.
    const i32* ends = nullptr;
    i32 group_count = 0, alignment = 1;
};

/// Transposes scales to MN-major words of `Format`. fp32 copies them. ue8m0 packs the exponents of powers of two; other values
/// become NaN (ue8m0::encode).
template <scale_format Format>
struct to_mn_major {
    static constexpr int tile_rows = 64, tile_blocks = 32, threads = 256;
    static constexpr int tile_pitch =
        tile_blocks + 1;  // odd: the lanes of a warp hit 32 banks along rows and along blocks
    static constexpr int per_word = Format::per_word, tile_words = tile_blocks / per_word;
    static constexpr bool packs = Format::kind == scale_kind::ue8m0;

    // A tile, and for each of its rows whether it is in a group.
    static constexpr launch_info launch{.threads = u32(threads), .smem_bytes = u32(4 * tile_rows * (tile_pitch + 1))};
    static constexpr int map_count = 0;
    using arguments = to_mn_major_arguments;
    struct params {
        to_mn_major_arguments args;
        i32 row_tiles, block_tiles, k_words;
        bool rows_contiguous;  ///< which way a warp reads
    };

    DEEPGEMM_BOTH static constexpr params make_params(const arguments& args) {
        return {args, ceil_div(args.mn, tile_rows), ceil_div(args.blocks, tile_blocks), ceil_div(args.blocks, per_word),
                args.row_stride == 1 && args.tile_mn == 1};
    }
    /// CTAs on `num_sms` multiprocessors: one per tile, but at most 16 for each multiprocessor; 0 if there are no scales.
    DEEPGEMM_BOTH static constexpr int grid(const arguments& args, int num_sms) {
        const params p = make_params(args);
        return int(min(i64(args.groups) * p.row_tiles * p.block_tiles, i64(num_sms) * 16));
    }

    /// The kernel body; called by every thread.
    DEEPGEMM_DEVICE static void run(const params& p) {
        ptx::role("transform");
        ptx::grid_dependency_wait();
        const i64 tiles = i64(p.args.groups) * p.row_tiles * p.block_tiles;
        for (i64 tile = ptx::cta_index(); tile < tiles; tile += ptx::cta_count()) {
            const i64 group = tile / (p.row_tiles * p.block_tiles);
            const i32 inside = i32(tile % (p.row_tiles * p.block_tiles));
            const i32 row = inside / p.block_tiles * tile_rows, block = inside % p.block_tiles * tile_blocks;
            if (packs && p.args.ends != nullptr) mark_rows(p.args, row);
            load(p, group, row, block);
            ptx::sync_cta();
            store(p, group, row, block);
            ptx::sync_cta();
        }
    }

private:
    DEEPGEMM_DEVICE static u32 address(int row, int block) {
        return ptx::dynamic_smem() + u32(4 * (row * tile_pitch + block));
    }

    /// The word of a row of the tile that says whether it is in a group.
    DEEPGEMM_DEVICE static u32 mark(int row) { return address(tile_rows, row); }

    /// Called by the CTA: finds out which rows of the tile that starts at `row` are in a group.
    DEEPGEMM_DEVICE static void mark_rows(const to_mn_major_arguments& a, i32 row) {
        const int mine = int(ptx::thread_index());
        if (mine < tile_rows)
            ptx::st_shared(mark(mine), u32(detail::in_group(a.ends, a.group_count, a.alignment, row + mine)));
        ptx::sync_cta();
    }

    /// Row and block, in the tile, of element `i` of the calling thread. Neighbouring threads take neighbours in memory: along
    /// rows, or along blocks.
    struct place {
        int row, block;
        DEEPGEMM_DEVICE static place of(int i, bool along_rows) {
            const int index = int(ptx::thread_index()) + i * threads;
            return along_rows ? place{index % tile_rows, index / tile_rows}
                              : place{index / tile_blocks, index % tile_blocks};
        }
    };

    /// Global memory to the tile: (tile_rows, tile_blocks) floats, or exponents if packed; zeros beyond the last row and block.
    DEEPGEMM_DEVICE static void load(const params& p, i64 group, i32 row, i32 block) {
        constexpr int count = tile_rows * tile_blocks / threads;
        const to_mn_major_arguments& a = p.args;
        const bool all_rows = !packs || a.ends == nullptr;
        u32 scale[count], wrong = 0;
        unpackable example;
        DEEPGEMM_UNROLL
        for (int i = 0; i < count; ++i) {  // all loads before the first store: one wait for memory
            const place at = place::of(i, p.rows_contiguous);
            const i32 r = row + at.row, b = block + at.block;
            const float* const from = a.in + group * a.group_stride + r / a.tile_mn * a.row_stride + b * a.block_stride;
            const bool wanted = r < a.mn && b < a.blocks && (all_rows || ptx::ld_shared<u32>(mark(at.row)) != 0);
            const float value = wanted ? ptx::ld_global_nc(from) : 0.0f;
            scale[i] = packs ? ue8m0::encode(value) : bit_cast<u32>(value);
            if (packs && scale[i] == 255) {
                ++wrong;
                example = {i32(group), r / a.tile_mn, b, value};
            }
        }
        DEEPGEMM_UNROLL
        for (int i = 0; i < count; ++i) {
            const place at = place::of(i, p.rows_contiguous);
            ptx::st_shared(address(at.row, at.block), scale[i]);
        }
        if constexpr (packs) detail::report_unpackable(a.invalid, a.found, wrong, example);
    }

    /// The tile to global memory. Each warp writes 32 rows of one column of words.
    DEEPGEMM_DEVICE static void store(const params& p, i64 group, i32 row, i32 block) {
        const i64 pitch = align_up(i64(p.args.mn), i64(4));
        u32* const out = static_cast<u32*>(p.args.out) + (group * p.k_words + block / per_word) * pitch + row;
        DEEPGEMM_UNROLL
        for (int i = 0; i < tile_rows * tile_words / threads; ++i) {
            const place at = place::of(i, true);  // `block` counts words here
            u32 word = ptx::ld_shared<u32>(address(at.row, at.block * per_word));
            if constexpr (packs) {
                DEEPGEMM_UNROLL
                for (int j = 1; j < per_word; ++j)
                    word |= ptx::ld_shared<u32>(address(at.row, at.block * per_word + j)) << (8 * j);
            }
            if (row + at.row < p.args.mn && block / per_word + at.block < p.k_words) {
                ptx::st_global(out + at.block * pitch + at.row, word);
            }
        }
    }
};

}  // namespace deepgemm::scale
