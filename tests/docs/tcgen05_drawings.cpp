// SPDX-License-Identifier: MIT
// Redraws what docs/hardware/tcgen05.md shows of descriptors, chunks, accumulators and scales, from the functions that kernels and
// the simulator use, and compares it with the page.
#include <deepgemm/mma/sm100/descriptor.cuh>
#include <deepgemm/sim/tcgen05.hpp>

#include <array>
#include <cstring>
#include <set>

#include "page.hpp"

namespace tcgen05_drawings_tests {

using namespace deepgemm;

constexpr const char* page = "docs/hardware/tcgen05.md";

TEST_CASE("the fields of the tcgen05 descriptor are drawn right") {
    // The boxes in the drawing, from the highest bit down: a value that fills each.
    const u32 most = 0x3ffff & ~15u;
    const u64 constant = sm100::make_descriptor(0, 0, 0, swizzle_mode::none);
    const u64 fields[] = {u64(7) << 61,
                          0,
                          constant,
                          sm100::make_descriptor(0, 0, most, swizzle_mode::none) ^ constant,
                          0,
                          sm100::make_descriptor(0, most, 0, swizzle_mode::none) ^ constant,
                          0,
                          sm100::make_descriptor(most, 0, 0, swizzle_mode::none) ^ constant};
    const std::string text = drawing(page, "descriptor");
    std::vector<int> bits;
    for (std::size_t at = 0; at < text.find('\n');) {
        std::size_t used = 1;
        if (text[at] != ' ') bits.push_back(std::stoi(text.substr(at), &used));
        at += used;
    }
    REQUIRE(bits.size() == 2 * std::size(fields));
    u64 all = 0;
    for (std::size_t i = 0; i < std::size(fields); ++i) {
        const u64 box =
            (bits[2 * i] == 63 ? ~u64(0) : (u64(1) << (bits[2 * i] + 1)) - 1) & ~((u64(1) << bits[2 * i + 1]) - 1);
        CAPTURE(bits[2 * i]);
        CHECK((all & box) == 0);
        CHECK((fields[i] & ~box) == 0);
        if (fields[i] != 0 && fields[i] != constant) CHECK(fields[i] == box);
        all |= box;
    }
    CHECK(all == ~u64(0));
    for (const swizzle_mode mode :
         {swizzle_mode::b128, swizzle_mode::b64, swizzle_mode::b32, swizzle_mode::b128_atom32}) {
        CHECK((sm100::make_descriptor(0, 0, 0, mode) & ~fields[0]) == constant);
    }
    for (const u64 code : {0, 2, 4, 6, 1}) {  // in the order of the text
        constexpr swizzle_mode modes[] = {
            swizzle_mode::none, swizzle_mode::b128_atom32, swizzle_mode::b128, {}, swizzle_mode::b64, {},
            swizzle_mode::b32};
        CHECK((sm100::make_descriptor(0, 0, 0, modes[code]) >> 61) == code);
    }
}

/// One line of the drawing of chunks: which elements change when a bit of each byte does.
template <class T>
std::string chunk_line(const char* name) {
    std::string text = format("%-10s", name);
    constexpr u32 count = sim::chunk_format<T>::elements;
    for (u32 byte = 0; byte < 16; ++byte) {
        std::set<u32, std::greater<>> elements;
        for (u32 bit = 0; bit < 8; ++bit) {
            // The last byte of a code in 6 bits may lie before the next element, so all bits are tried.
            u8 chunk[17] = {};
            float before[32], after[32];
            sim::decode_chunk<T>(chunk, before);
            chunk[byte] = u8(1u << bit);
            sim::decode_chunk<T>(chunk, after);
            for (u32 i = 0; i < count; ++i) {
                if (std::memcmp(&before[i], &after[i], sizeof(float)) != 0) elements.insert(i);
            }
        }
        std::string entry;
        for (const u32 element : elements) entry += (entry.empty() ? "" : ":") + std::to_string(element);
        text += format("%6s", entry.empty() ? "-" : entry.c_str());
    }
    return text + '\n';
}

TEST_CASE("the elements of a chunk are drawn right") {
    std::string text = "byte      ";
    for (int byte = 0; byte < 16; ++byte) text += format("%6d", byte);
    CHECK(drawing(page, "chunk") == text + '\n' + chunk_line<e4m3>("e4m3") + chunk_line<e2m3>("e2m3") +
                                        chunk_line<e2m1>("e2m1") + chunk_line<sim::packed_e2m1>("e2m1, mxf4"));
}

/// The rows and columns of D in each quarter of the lanes.
std::string accumulator_line(const char* name, u32 group, u32 m, bool weight_stationary) {
    constexpr u32 n = 64;
    const sim::mma_instruction i = sim::detail::decode_instruction(
        {group, sim::mma_kind::f16, false, weight_stationary}, sm100::instruction<bf16, bf16>(m, n));
    std::array<std::set<u32>, 4> rows, columns;
    for (u32 row = 0; row < m / group; ++row) {
        for (u32 column = 0; column < n; ++column) {
            const u32 quarter = sim::accumulator_place(i, row, column).lane / 32;
            rows[quarter].insert(row);
            columns[quarter].insert(column);
        }
    }
    std::string text = format("%-24s", name);
    for (u32 quarter = 0; quarter < 4; ++quarter) {
        const auto range = [](const std::set<u32>& all) {
            CHECK(*all.rbegin() - *all.begin() + 1 == all.size());
            return format("%u-%u", *all.begin(), *all.rbegin());
        };
        text += format("%-7s%-11s", range(rows[quarter]).c_str(), range(columns[quarter]).c_str());
    }
    return trimmed(text) + '\n';
}

TEST_CASE("the layouts of D are drawn right") {
    CHECK(drawing(page, "accumulators") ==
          format("%24s%-18s%-18s%-18s%s\n", "", "lanes 0-31", "lanes 32-63", "lanes 64-95", "lanes 96-127") +
              accumulator_line("A  M 256, two CTAs", 2, 256, false) +
              accumulator_line("B  M 128, two CTAs", 2, 128, false) + accumulator_line("D  M 128", 1, 128, false) +
              accumulator_line("E  M 64, .ws", 1, 64, true) + accumulator_line("F  M 64", 1, 64, false) +
              accumulator_line("G  M 32, .ws", 1, 32, true));
}

/// The row whose scale lies in `lane` and `column`: that whose scale changes with the word.
int row_of_scale(u32 lane, u32 column) {
    sim::tcgen05_state state;
    const sim::mma_instruction i = sim::detail::decode_instruction({1, sim::mma_kind::mxf8f6f4},
                                                                   sm100::scaled_instruction<e4m3, e4m3>(128, 64, 0));
    static double before[4 * 256], after[4 * 256];
    const sim::detail::scale_source source{0, 128, 0, 128, false, "scales"};
    sim::detail::read_scales(state, i, source, before);
    for (u32 quarter = 0; quarter < 4; ++quarter) state.at(lane + 32 * quarter, column) = 1;
    sim::detail::read_scales(state, i, source, after);
    for (int row = 0; row < 128; ++row) {
        if (before[row] != after[row]) return row;
    }
    return -1;
}

TEST_CASE("the places of scales are drawn right") {
    std::string text = "lane             column 0   column 1   column 2   column 3\n";
    for (const u32 lane : {0u, 1u, 2u, 31u}) {
        text += format("%-15s", format("%u, %u, %u, %u", lane, lane + 32, lane + 64, lane + 96).c_str());
        for (u32 column = 0; column < 4; ++column)
            text += format(column == 0 ? "%10d" : "%11d", row_of_scale(lane, column));
        text += '\n';
    }
    CHECK(drawing(page, "scales") == text);
}

}  // namespace tcgen05_drawings_tests
