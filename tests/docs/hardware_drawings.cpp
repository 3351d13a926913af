// SPDX-License-Identifier: MIT
// Redraws what docs/hardware shows of barriers, swizzles, descriptors, slabs, fragments, zones, multicast and parts of K, from
// the functions that kernels use, and compares it with the pages.
#include <doctest/doctest.h>
#include <deepgemm/epilogue/split_sum.cuh>
#include <deepgemm/layout/operand_tile.cuh>
#include <deepgemm/layout/swizzle.cuh>
#include <deepgemm/mma/sm90/descriptor.cuh>
#include <deepgemm/mma/sm90/fragment.cuh>
#include <deepgemm/pipeline/multicast.cuh>
#include <deepgemm/pipeline/ring.cuh>
#include <deepgemm/scale/feed.cuh>
#include <deepgemm/scale/fp32.cuh>

#include <array>
#include <map>
#include <sstream>

#include "page.hpp"

namespace hardware_drawings_tests {

using namespace deepgemm;

TEST_CASE("the ring's stages and parities are drawn right") {
    std::string numbers = "K block            ", stages = "stage              ", full = "math waits full    ",
                empty = "load waits empty   ";
    ring<3> at;
    for (int block = 0; block < 10; ++block, at.advance()) {
        numbers += format("%2d ", block);
        stages += format("%2u ", at.stage);
        full += format("%2u ", at.parity);
        empty += format("%2u ", at.parity ^ 1);
    }
    CHECK(drawing("docs/hardware/mbarrier.md", "ring") ==
          trimmed(numbers) + '\n' + trimmed(stages) + '\n' + trimmed(full) + '\n' + trimmed(empty) + '\n');
}

namespace {

/// Draws `lines` lines of 128 bytes of shared memory: which row and 16-byte chunk of the plain tile lies in each place.
std::string draw_swizzle(swizzle_mode mode, u32 lines) {
    const u32 row_bytes = swizzle_span_bytes(mode), per_row = row_bytes / 16;
    std::map<u32, u32> plain;  // by place in shared memory
    for (u32 offset = 0; offset < 128 * lines; offset += 16) plain[swizzled(offset, mode)] = offset;
    REQUIRE(plain.size() == 8 * lines);

    std::string text = "              bank group 0    1    2    3    4    5    6    7\n";
    for (u32 line = 0; line < lines; ++line) {
        text += per_row == 8 ? format("line %u  (row %2u)     ", line, line) : format("line %u               ", line);
        for (u32 chunk = 0; chunk < 8; ++chunk) {
            const u32 offset = plain[128 * line + 16 * chunk];
            const u32 row = offset / row_bytes, column = offset % row_bytes / 16;
            text += per_row == 8 ? format("%6u", column).substr(1) : format("  %u.%u", row, column);
        }
        text += '\n';
    }
    return text;
}

}  // namespace

TEST_CASE("the three swizzles are drawn right") {
    CHECK(drawing("docs/hardware/tma.md", "swizzle-128") == draw_swizzle(swizzle_mode::b128, 8));
    CHECK(drawing("docs/hardware/tma.md", "swizzle-64") == draw_swizzle(swizzle_mode::b64, 4));
    CHECK(drawing("docs/hardware/tma.md", "swizzle-32") == draw_swizzle(swizzle_mode::b32, 2));
}

namespace {

/// One field of the drawn descriptor: its highest and lowest bit, and what the box says.
struct drawn_field {
    int high, low;
    std::string name;
};

/// Reads the boxes of the descriptor's drawing: bit numbers above, names between bars.
std::vector<drawn_field> drawn_fields(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    REQUIRE(lines.size() >= 4);
    std::vector<int> bits;
    for (std::size_t at = 0; at < lines[0].size();) {
        std::size_t used = 0;
        if (lines[0][at] == ' ') {
            ++at;
            continue;
        }
        bits.push_back(std::stoi(lines[0].substr(at), &used));
        at += used;
    }
    std::vector<drawn_field> fields;
    for (std::size_t bar = lines[2].find('|'); bar + 1 < lines[2].size();) {
        const std::size_t next = lines[2].find('|', bar + 1);
        std::string name = trimmed(lines[2].substr(bar + 1, next - bar - 1));
        name.erase(0, name.find_first_not_of(' '));
        const std::size_t i = 2 * fields.size();
        REQUIRE(i + 1 < bits.size());
        fields.push_back({bits[i], bits[i + 1], name});
        bar = next;
    }
    CHECK(2 * fields.size() == bits.size());
    return fields;
}

u64 bits_between(int high, int low) {
    return (high == 63 ? ~u64(0) : (u64(1) << (high + 1)) - 1) & ~((u64(1) << low) - 1);
}

}  // namespace

TEST_CASE("the fields of the wgmma descriptor are drawn right") {
    // The largest value of each field alone gives the bits it may occupy.
    const u32 most = 0x3ffff & ~15u;
    const std::map<std::string, u64> fields{
        {"start / 16", sm90::make_descriptor(most, 0, 0, swizzle_mode::none)},
        {"leading / 16", sm90::make_descriptor(0, most, 0, swizzle_mode::none)},
        {"stride / 16", sm90::make_descriptor(0, 0, most, swizzle_mode::none)},
        {"swz", sm90::make_descriptor(0, 0, 0, swizzle_mode::b32)},
        {"0", 0},
    };
    u64 seen = 0;
    int below = 64;
    for (const drawn_field& field : drawn_fields(drawing("docs/hardware/wgmma.md", "descriptor"))) {
        CAPTURE(field.name);
        REQUIRE(fields.contains(field.name));
        const u64 box = bits_between(field.high, field.low);
        CHECK(field.high == below - 1);  // boxes follow each other without gaps
        below = field.low;
        CHECK((field.name == "0" || fields.at(field.name) == box));
        seen |= fields.at(field.name);
    }
    CHECK(below == 0);
    CHECK(seen == sm90::make_descriptor(most, most, most, swizzle_mode::b32));
}

TEST_CASE("the slabs of an MN-major tile are drawn right") {
    using tile = operand_tile<bf16, 128, 64, major::mn>;
    constexpr u32 group_bytes = 8 * 128, step_rows = 16;
    const u64 descriptor = sm90::descriptor_of<tile>(0);
    const u32 leading = u32(descriptor >> 16 & 0x3fff) << 4, stride = u32(descriptor >> 32 & 0x3fff) << 4;
    std::string text = "              mn 0 - 63    mn 64 - 127    step\n";
    for (int k = 0; k < tile::k; k += 8) {
        text += format("k %2d - %2d  %12u  %13u  %6d\n", k, k + 7, tile::offset(0, k), tile::offset(64, k), k / 16);
        for (int row = 0; row < tile::rows; ++row) {
            // Where the tensor core looks: at the descriptor's start, moved by steps, plus slabs and groups of eight rows.
            const u32 start = u32(sm90::advance(descriptor, u32(k / 16) * sm90::step_bytes<tile>) & 0x3fff) << 4;
            const u32 group = start + u32(row / 64) * leading + u32(k % int(step_rows) / 8) * stride;
            for (int i = 0; i < 8; ++i) {
                CHECK(tile::offset(row, k + i) >= group);
                CHECK(tile::offset(row, k + i) < group + group_bytes);
            }
        }
    }
    CHECK(drawing("docs/hardware/wgmma.md", "slabs") == text);
    CHECK(leading == tile::slab_bytes);
    CHECK(stride == group_bytes);
    CHECK(sm90::step_bytes<tile> == step_rows * 128);
}

TEST_CASE("the wgmma fragment is drawn right") {
    std::array<std::array<std::string, 8>, 16> cells;
    for (int thread = 0; thread < 32; ++thread) {
        for (int i = 0; i < 4; ++i) {
            cells[std::size_t(sm90::wgmma_rows::row(thread, i))][std::size_t(sm90::wgmma_rows::column(thread, i))] =
                format("%4d:%d", thread, i);
        }
    }
    std::string text = "column     0      1      2      3      4      5      6      7\n";
    for (int row = 0; row < 16; ++row) {
        text += format("row %2d", row);
        for (int column = 0; column < 8; ++column) {
            text += (column == 0 ? "" : " ") + cells[std::size_t(row)][std::size_t(column)];
        }
        text += '\n';
    }
    CHECK(drawing("docs/hardware/wgmma.md", "fragment") == text);

    // What the text says of the other warps and columns.
    for (int thread = 0; thread < 128; ++thread) {
        for (int i = 0; i < 128; ++i) {
            CHECK(sm90::wgmma_rows::row(thread, i) == sm90::wgmma_rows::row(thread % 32, i % 4) + thread / 32 * 16);
            CHECK(sm90::wgmma_rows::column(thread, i) == sm90::wgmma_rows::column(thread % 32, i % 4) + i / 4 * 8);
        }
    }
}

namespace {

template <int Columns>
std::string zone_line() {
    using held = scale::column_feed<scale::per_block<scale::fp32>, Columns>;
    return format("%10d%8d%18d\n", Columns, held::zone_columns, held::zones);
}

}  // namespace

TEST_CASE("the zones of per-block scales are drawn right") {
    CHECK(drawing("docs/hardware/promotion.md", "zones") == "tile width    zone    zones per tile\n" + zone_line<64>() +
                                                                zone_line<96>() + zone_line<128>() + zone_line<160>() +
                                                                zone_line<192>() + zone_line<256>());
}

namespace {

std::string ranks_of(u16 mask) {
    std::string text;
    for (int rank = 0; rank < 16; ++rank) {
        if (mask >> rank & 1) text += (text.empty() ? "" : ", ") + std::to_string(rank);
    }
    return text;
}

template <cluster_shape Cluster>
std::string draw_multicast() {
    std::string text = "rank   m  n   slice of A goes to   slice of B goes to   stage is written by\n";
    for (u32 rank = 0; rank < u32(Cluster.size()); ++rank) {
        const multicast<Cluster> peers{rank};
        std::string writers;
        for (u32 i = 0; i < u32(peers.writers); ++i) writers += (i == 0 ? "" : ", ") + std::to_string(peers.writer(i));
        text += format("%4u%4u%3u%21s%21s%22s\n", rank, peers.m(), peers.n(), ranks_of(peers.a_mask()).c_str(),
                       ranks_of(peers.b_mask()).c_str(), writers.c_str());
    }
    return text;
}

}  // namespace

TEST_CASE("who multicasts to whom is drawn right") {
    CHECK(drawing("docs/hardware/clusters.md", "multicast-2x2") == draw_multicast<cluster_shape{2, 2}>());
    CHECK(drawing("docs/hardware/clusters.md", "multicast-2x1") == draw_multicast<cluster_shape{2, 1}>());
}

TEST_CASE("the parts of K are drawn right") {
    std::string text = "rank   first block   blocks\n";
    for (i32 rank = 0; rank < 4; ++rank) {
        const block_range part = block_range::part_of(30, rank, 4);
        text += format("%4d%14d%9d\n", rank, part.first, part.count);
    }
    CHECK(drawing("docs/hardware/clusters.md", "split-30") == text);

    // What the text says of the room for totals.
    CHECK(split_sum<4, 1, 16 / 2, 4>::bytes == 3 * 64 * 16 * sizeof(float));
    CHECK(split_sum<4, 1, 16 / 2, 4>::bytes == 12 * 1024);
    // On Blackwell: 64 columns of a warp's 32 rows, from seven parts, and from three.
    CHECK(split_sum<8, 1, 64, 4, true>::bytes == 7 * 8 * 1024);
    CHECK(split_sum<4, 1, 64, 4, true>::bytes == 24 * 1024);
}

}  // namespace hardware_drawings_tests
