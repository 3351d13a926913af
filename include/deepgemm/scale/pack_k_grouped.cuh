// SPDX-License-Identifier: MIT
// The kernel that packs the FP32 scales of a K-grouped product as UE8M0 exponents, four along K to a word. Groups may have
// any K, and each starts with a new word, so where a row of words comes from depends on the sizes of all groups before it.
// These are in device memory. reference/scale_layouts.hpp (to_packed_k_grouped) is its reference. It runs on any GPU.
#pragma once

#include <deepgemm/scale/to_mn_major.cuh>

namespace deepgemm::scale {

/// Scales to pack: scale (row, mn) is at in[row * row_stride + mn]. Rows are those of all groups, one after another without
/// gaps: group g has ceil(K_g / tile_k) of them. K_g is `layout[g]`; if `by_end`, the layout holds where groups end, group g
/// starts at the first multiple of `alignment` after the end of the one before, and K_g is the difference. What is below 0, or
/// ends before it starts, is an empty group, as in schedule/groups.cuh.
struct pack_k_grouped_arguments {
    const float* in = nullptr;
    i64 row_stride = 0;
    i32 rows = 0, mn = 0;         ///< `rows` of scales; mn, of M or N, is a multiple of 4
    const i32* layout = nullptr;  ///< (groups), device memory
    i32 groups = 0;               ///< at most 128
    bool by_end = false;
    i32 alignment = 1;
    i32 tile_k = 128;  ///< elements of K that a scale covers
    /// (words, mn), contiguous: byte j of word (first_word(g) + w, mn) is the exponent of the group's scale 4 w + j, or 0 if it
    /// has fewer. Rows of words that no group reaches are not written.
    u32* out = nullptr;
    i32 words = 0;
    u32* invalid = nullptr;       ///< as to_mn_major_arguments::invalid
    unpackable* found = nullptr;  ///< as to_mn_major_arguments::found; `row` is the row of `in`, `block` the column
};

/// Packs scales of K-grouped products. Each warp takes a row of words and 128 columns.
struct pack_k_grouped {
    static constexpr int threads = 256, warps = threads / 32, vector = 4, unit_columns = 32 * vector, most_groups = 128;

    /// For each group, and for the end of all: its first row of scales and its first row of words.
    struct place {
        i32 row, word;
    };
    // Rows of scales of each group, and their sums.
    static constexpr launch_info launch{
        .threads = u32(threads), .smem_bytes = u32(most_groups * sizeof(i32) + (most_groups + 1) * sizeof(place))};
    static constexpr int map_count = 0;
    using arguments = pack_k_grouped_arguments;
    struct params {
        pack_k_grouped_arguments args;
        u32 units_per_row, units;
        bool aligned;  ///< four scales, and four words, can be moved at once
    };

    DEEPGEMM_BOTH static params make_params(const arguments& args) {
        const u32 across = u32(ceil_div(args.mn, unit_columns));
        const bool aligned = u64(args.in) % 16 == 0 && args.row_stride % 4 == 0 && u64(args.out) % 16 == 0;
        return {args, across, args.groups == 0 ? 0 : across * u32(args.words), aligned};
    }
    /// CTAs on `num_sms` multiprocessors; 0 if there is nothing to write.
    DEEPGEMM_BOTH static int grid(const arguments& args, int num_sms) {
        return int(min(ceil_div(i64(make_params(args).units), i64(warps)), i64(num_sms) * 16));
    }

    /// The kernel body; called by every thread.
    DEEPGEMM_DEVICE static void run(const params& p) {
        ptx::role("transform");
        ptx::grid_dependency_wait();
        find_places(p.args);
        u32 unit = ptx::cta_index() * warps + ptx::warp_index();
        for (; unit < p.units; unit += ptx::cta_count() * warps) {
            pack(p, i32(unit / p.units_per_row), i32(unit % p.units_per_row) * unit_columns);
        }
    }

private:
    DEEPGEMM_DEVICE static u32 rows_address(int group) { return ptx::dynamic_smem() + u32(group * int(sizeof(i32))); }
    DEEPGEMM_DEVICE static u32 place_address(int group) {
        return rows_address(most_groups) + u32(group * int(sizeof(place)));
    }

    /// Elements of K of a group, from the entries of the layout in shared memory.
    DEEPGEMM_DEVICE static i32 size_of_group(const pack_k_grouped_arguments& a, int group) {
        const i32 given = ptx::ld_shared<i32>(rows_address(group));
        if (!a.by_end) return max(given, 0);
        i32 before = 0;  // empty groups may end before others
        for (int g = 0; g < group; ++g) before = max(before, ptx::ld_shared<i32>(rows_address(g)));
        return i32(max(i64(given) - align_up(i64(before), i64(a.alignment)), i64(0)));
    }

    /// Called by the CTA: fills the table of places. Each thread adds up what lies before one group, all at the same time.
    DEEPGEMM_DEVICE static void find_places(const pack_k_grouped_arguments& a) {
        constexpr i32 most = 1 << 30;  // more than any K has, so that sums stay in 31 bits, whatever the layout holds
        const int mine = int(ptx::thread_index());
        if (mine < a.groups) ptx::st_shared(rows_address(mine), ptx::ld_global_nc(a.layout + mine));
        ptx::sync_cta();
        const i32 size = mine < a.groups ? size_of_group(a, mine) : 0;
        ptx::sync_cta();
        if (mine < a.groups) ptx::st_shared(rows_address(mine), i32(ceil_div(i64(size), i64(a.tile_k))));
        ptx::sync_cta();
        if (mine <= a.groups) {
            place at{0, 0};
            for (int g = 0; g < mine; ++g) {
                const i32 rows = ptx::ld_shared<i32>(rows_address(g));
                at.row = min(at.row + rows, most);
                at.word = min(at.word + ceil_div(rows, 4), most);
            }
            ptx::st_shared(place_address(mine), at);
        }
        ptx::sync_cta();
    }

    /// The last group that starts at or before row `word` of words, which is the one that has it if any has.
    DEEPGEMM_DEVICE static int group_of(const pack_k_grouped_arguments& a, i32 word) {
        int first = 0, last = a.groups - 1;
        while (first < last) {
            const int middle = (first + last + 1) / 2;
            if (ptx::ld_shared<place>(place_address(middle)).word <= word) {
                first = middle;
            } else {
                last = middle - 1;
            }
        }
        return first;
    }

    DEEPGEMM_DEVICE static void pack(const params& p, i32 word, i32 first_column) {
        const pack_k_grouped_arguments& a = p.args;
        const int group = group_of(a, word);
        const place here = ptx::ld_shared<place>(place_address(group)),
                    next = ptx::ld_shared<place>(place_address(group + 1));
        const i32 column = first_column + i32(ptx::lane_index()) * vector;
        if (word >= next.word || column >= a.mn) return;
        const i32 row = here.row + 4 * (word - here.word), rows = min(min(next.row, a.rows) - row, 4);
        float scale[4][vector];
        DEEPGEMM_UNROLL
        for (int j = 0; j < 4; ++j) {
            if (j < rows) {
                load(a.in + (row + j) * a.row_stride + column, p.aligned, scale[j]);
            } else {
                DEEPGEMM_UNROLL
                for (int c = 0; c < vector; ++c) scale[j][c] = 0.0f;
            }
        }
        u32 words[vector] = {}, wrong = 0;
        unpackable example;
        DEEPGEMM_UNROLL
        for (int j = 0; j < 4; ++j) {
            DEEPGEMM_UNROLL
            for (int c = 0; c < vector; ++c) {
                const u32 byte = ue8m0::encode(scale[j][c]);
                words[c] |= byte << (8 * j);
                if (byte == 255) {
                    ++wrong;
                    example = {i32(group), row + j, column + c, scale[j][c]};
                }
            }
        }
        u32* const to = a.out + i64(word) * a.mn + column;
        if (p.aligned) {
            ptx::st_global(reinterpret_cast<ptx::vec4<u32>*>(to), {words[0], words[1], words[2], words[3]});
        } else {
            DEEPGEMM_UNROLL
            for (int c = 0; c < vector; ++c) ptx::st_global(to + c, words[c]);
        }
        detail::report_unpackable(a.invalid, a.found, wrong, example);
    }

    DEEPGEMM_DEVICE static void load(const float* from, bool aligned, float (&scale)[vector]) {
        if (aligned) {
            const auto four = ptx::ld_global_nc(reinterpret_cast<const ptx::vec4<float>*>(from));
            scale[0] = four.x;
            scale[1] = four.y;
            scale[2] = four.z;
            scale[3] = four.w;
        } else {
            DEEPGEMM_UNROLL
            for (int c = 0; c < vector; ++c) scale[c] = ptx::ld_global_nc(from + c);
        }
    }
};

}  // namespace deepgemm::scale
