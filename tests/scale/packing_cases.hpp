// SPDX-License-Identifier: MIT
// Checks of packing scales by groups, for any machine as in kernel_cases.hpp: rows between groups of rows, and groups along K.
// What is expected is worked out here, from the definition of each layout, word by word.
#pragma once

#include <deepgemm/scale/pack_k_grouped.cuh>

#include "kernel_cases.hpp"

namespace scale_cases {

/// The exponent of a power of two, by its bits.
inline u32 exponent_of(float power) { return bit_cast<u32>(power) >> 23; }

/// Rows of scales in groups that end at `ends` and start at multiples of `alignment`. Scales of rows outside of groups are
/// anything but powers of two.
template <class Machine>
std::string check_packed_rows(const std::vector<i32>& ends, i32 alignment, i64 mn, i64 blocks, bool turned,
                              u64 seed = fresh_seed()) {
    const i64 pitch = align_up(mn, i64(4)), words = ceil_div(blocks, i64(4));
    std::vector<bool> grouped(std::size_t(mn), false);
    i64 start = 0;
    for (const i32 end : ends) {
        for (i64 row = start; row < min(i64(end), mn); ++row) grouped[std::size_t(row)] = true;
        start = align_up(i64(end), i64(alignment));
    }
    const i64 row_stride = turned ? 1 : blocks + 3, block_stride = turned ? mn + 5 : 1;
    std::vector<float> in(std::size_t((mn - 1) * row_stride + (blocks - 1) * block_stride + 1), __builtin_nanf(""));
    std::vector<u32> expected(std::size_t(words * pitch), 0xffffffffu);
    random_source random(seed);
    const float wrong[] = {-1.0f, 1.5f, __builtin_inff(), __builtin_nanf(""), -0.0f, 0x1p-128f};
    for (i64 row = 0; row < mn; ++row) {
        for (i64 w = 0; w < words; ++w) expected[std::size_t(w * pitch + row)] = 0;
        for (i64 b = 0; b < blocks; ++b) {
            float& scale = in[std::size_t(row * row_stride + b * block_stride)];
            if (!grouped[std::size_t(row)]) {
                scale = wrong[random.integer(0, 5)];
                continue;
            }
            scale = std::ldexp(1.0f, int(random.integer(-126, 127)));
            expected[std::size_t(b / 4 * pitch + row)] |= exponent_of(scale) << (8 * (b % 4));
        }
    }
    const std::vector<u32> poison(expected.size(), 0xffffffffu);
    const u32 none = 0;
    std::vector<i32> listed = ends;
    listed.push_back(1 << 30);  // belongs to no group
    const typename Machine::template buffer<float> from(in.data(), in.size());
    const typename Machine::template buffer<i32> list(listed.data(), listed.size());
    const typename Machine::template buffer<u32> out(poison.data(), poison.size()), invalid(&none, 1);
    Machine::template run<scale::to_mn_major<scale::ue8m0>>({.in = from.get(),
                                                             .row_stride = row_stride,
                                                             .block_stride = block_stride,
                                                             .mn = i32(mn),
                                                             .blocks = i32(blocks),
                                                             .out = out.get(),
                                                             .invalid = invalid.get(),
                                                             .ends = list.get(),
                                                             .group_count = i32(ends.size()),
                                                             .alignment = alignment});
    if (invalid.read()[0] != 0) return "scales of rows in no group were counted as invalid";
    return difference("word", out.read(), expected.data(), expected.size());
}

/// Groups of `sizes` elements of K, `tile_k` to a scale, `mn` columns. With `by_end` the kernel gets where groups end, if each
/// starts at a multiple of `alignment`. There is room for `spare` more rows of words than groups have.
template <class Machine>
std::string check_packed_k_groups(const std::vector<i64>& sizes, i32 tile_k, i64 mn, bool by_end, i64 alignment,
                                  i64 spare, i64 pitch, u64 seed = fresh_seed()) {
    std::vector<i32> layout;
    i64 rows = 0, words = 0, start = 0;
    bool early = true;  // an empty group may also end before it starts: every second one ends at 0
    for (const i64 k : sizes) {
        layout.push_back(i32(by_end ? k == 0 && early ? 0 : start + k : k));
        if (k == 0) early = !early;
        start = (start + k + alignment - 1) / alignment * alignment;
        rows += ceil_div(k, i64(tile_k));
        words += ceil_div(k, i64(4 * tile_k));
    }
    matrix<float> in(rows, mn, pitch);
    random_source(seed).fill_powers_of_two(in.view(), -126, 127);
    std::vector<u32> expected(std::size_t((words + spare) * mn), 0xffffffffu);
    i64 row = 0, word = 0;
    for (const i64 k : sizes) {
        const i64 has = ceil_div(k, i64(tile_k));
        for (i64 r = 0; r < has; ++r) {
            for (i64 j = 0; j < mn; ++j) {
                u32& to = expected[std::size_t((word + r / 4) * mn + j)];
                if (r % 4 == 0) to = 0;
                to |= exponent_of(in(row + r, j)) << (8 * (r % 4));
            }
        }
        row += has;
        word += ceil_div(has, i64(4));
    }
    const std::vector<u32> poison(expected.size(), 0xffffffffu);
    const u32 none = 0;
    const typename Machine::template buffer<float> from(in.data(), in.size());
    const typename Machine::template buffer<i32> list(layout.data(), layout.size());
    const typename Machine::template buffer<u32> out(poison.data(), poison.size()), invalid(&none, 1);
    Machine::template run<scale::pack_k_grouped>({.in = from.get(),
                                                  .row_stride = in.pitch(),
                                                  .rows = i32(rows),
                                                  .mn = i32(mn),
                                                  .layout = list.get(),
                                                  .groups = i32(sizes.size()),
                                                  .by_end = by_end,
                                                  .alignment = i32(alignment),
                                                  .tile_k = tile_k,
                                                  .out = out.get(),
                                                  .words = i32(words + spare),
                                                  .invalid = invalid.get()});
    if (invalid.read()[0] != 0) return "valid scales were counted as invalid";
    return difference("word", out.read(), expected.data(), expected.size());
}

/// Scales of which one is no power of two: it becomes NaN, it is counted, and its place and value are reported.
template <class Machine>
std::string check_reported(bool k_grouped, u64 seed = fresh_seed()) {
    random_source random(seed);
    const i64 rows = 12, columns = k_grouped ? 300 : 21;
    matrix<float> in(rows, columns);
    random.fill_powers_of_two(in.view(), -20, 20);
    const i64 row = random.integer(0, rows - 1), column = random.integer(0, columns - 1);
    in(row, column) = -2.5f;
    const u32 none = 0;
    const scale::unpackable empty{-1, -1, -1, 0};
    const std::vector<i32> layout{5 * 128, 0, 7 * 128};
    const std::vector<u32> poison(std::size_t(k_grouped ? 4 * columns : 6 * rows), 0xffffffffu);
    const typename Machine::template buffer<float> from(in.data(), in.size());
    const typename Machine::template buffer<i32> list(layout.data(), layout.size());
    const typename Machine::template buffer<u32> out(poison.data(), poison.size()), invalid(&none, 1);
    const typename Machine::template buffer<scale::unpackable> found(&empty, 1);
    u32 word = 0;
    if (k_grouped) {
        Machine::template run<scale::pack_k_grouped>({.in = from.get(),
                                                      .row_stride = columns,
                                                      .rows = i32(rows),
                                                      .mn = i32(columns),
                                                      .layout = list.get(),
                                                      .groups = 3,
                                                      .out = out.get(),
                                                      .words = 4,
                                                      .invalid = invalid.get(),
                                                      .found = found.get()});
        const i64 in_group = row < 5 ? row : row - 5;
        word = out.read()[std::size_t(((row < 5 ? 0 : 2) + in_group / 4) * columns + column)] >> (8 * (in_group % 4));
    } else {
        Machine::template run<scale::to_mn_major<scale::ue8m0>>({.in = from.get(),
                                                                 .row_stride = columns,
                                                                 .mn = i32(rows),
                                                                 .blocks = i32(columns),
                                                                 .out = out.get(),
                                                                 .invalid = invalid.get(),
                                                                 .found = found.get()});
        word = out.read()[std::size_t(column / 4 * rows + row)] >> (8 * (column % 4));
    }
    const scale::unpackable one = found.read()[0];
    if ((word & 255) != 255) return "the scale did not become NaN";
    if (invalid.read()[0] != 1) return concat(invalid.read()[0], " scales were counted, of 1");
    if (one.value != -2.5f || one.row != row || one.block != column || one.group != (k_grouped && row >= 5 ? 2 : 0))
        return concat("reported were group ", one.group, ", row ", one.row, ", block ", one.block, " for ", row, ", ",
                      column);
    return "";
}

}  // namespace scale_cases
